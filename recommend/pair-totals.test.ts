import test from 'ava'
import fc from 'fast-check'
import { associations, cosines } from './association.ts'
import { PairTotals } from './pair-totals.ts'

const day = 86_400_000
const start = Date.UTC(2026, 3, 1)
const amount = fc.double({ min: 0.01, max: 1e6, noNaN: true })
const isNear = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * Math.max(1, b)

test('gives the cosine of person-days, whenever each was last decayed', t => {
  const age = fc.integer({ min: -2000, max: 2000 })
  fc.assert(
    fc.property(amount, amount, age, fc.double({ min: 0, max: 1, noNaN: true }), (weight, other, days, score) => {
      const totals = new PairTotals()
      totals.setDays(0, weight, start)
      totals.setDays(1, other, start + days * day)
      const row = { as_of: start, weight, co_viewed: [{ product_id: 'b', score, people: 3 }], viewed_then_bought: [] }
      const [expected] = cosines(row, 'co_viewed', () => ({ as_of: start + days * day, weight: other }))
      return isNear(totals.days.cosine(score, totals.days.of(0), 1), expected.score)
    })
  )
  t.pass()
})

test('over baskets the cosine is the root of support times lift, and a lift above 1 is more than chance', t => {
  const totals = new PairTotals()
  totals.baskets = 1000
  totals.setBaskets(0, 50)
  totals.setBaskets(1, 20)
  totals.setBaskets(2, 400)
  const pairs = [1, 2].map(product => ({ product_id: String(product), together: 10, confidence: 0.2, people: 3 }))
  const baskets = { total: 1000, of: (id: string) => (id === '1' ? 20 : 400) }
  for (const { product_id, support, lift } of associations({ baskets: 50, companions: pairs }, baskets)) {
    const item = Number(product_id)
    t.true(isNear(totals.orders.cosine(0.2, totals.orders.of(0), item), Math.sqrt(support * lift)))
    t.is(totals.isMoreThanChance(0.2, item), lift > 1)
  }
})

test('a total that is not known counts as equal', t => {
  const totals = new PairTotals()
  t.is(totals.days.cosine(0.4, totals.days.of(7), 8), 0.4)
  t.true(totals.isMoreThanChance(0.1, 8))
})
