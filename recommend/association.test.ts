import test from 'ava'
import { associations, cosines } from './association.ts'

test('support and lift set a pair against how often the companion is bought at all', t => {
  const row = { baskets: 40, companions: [{ product_id: 'cup', together: 10, confidence: 0.25, people: 3 }] }
  const [cup] = associations(row, { total: 200, of: () => 20 })
  t.deepEqual([cup.support, cup.lift], [0.05, 2.5])
})

test('a companion that nobody knows has no lift, an empty shop no support', t => {
  const row = { baskets: 1, companions: [{ product_id: 'cup', together: 1, confidence: 1, people: 3 }] }
  const [cup] = associations(row, { total: 0, of: () => 0 })
  t.deepEqual([cup.support, cup.lift], [0, 0])
})

const week = 7 * 86_400_000
const row = (as_of: number, weight: number) => ({
  as_of,
  weight,
  co_viewed: [
    { product_id: 'common', score: 0.5, people: 3 },
    { product_id: 'rare', score: 0.4, people: 3 }
  ],
  viewed_then_bought: []
})

test('the cosine prefers what is touched with the item to what is touched with everything', t => {
  const others: Record<string, { as_of: number; weight: number }> = {
    common: { as_of: 0, weight: 400 },
    rare: { as_of: 0, weight: 4 }
  }
  t.deepEqual(
    cosines(row(0, 16), 'co_viewed', id => others[id]).map(({ product_id, score }) => [product_id, score]),
    [
      ['rare', 0.8],
      ['common', 0.1]
    ]
  )
})

test('totals of different days are brought to the same day first', t => {
  const score = (own: number, other: number, weight: number) =>
    cosines(row(own, 16), 'co_viewed', id => (id === 'rare' ? { as_of: other, weight } : undefined))[0].score
  t.is(score(0, 2 * week, 4), score(0, 0, 16))
  t.is(score(2 * week, 0, 16), score(0, 0, 4))
})

test('a companion without a row comes last', t => {
  t.deepEqual(cosines(row(0, 16), 'co_viewed', () => undefined)[1].score, 0)
})
