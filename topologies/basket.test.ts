import test from 'ava'
import { BasketIndex } from '../recommend/basket/basket-index.ts'
import { BasketRanker } from '../recommend/basket/basket-ranker.ts'
import { NextBasket } from '../recommend/basket/next-basket.ts'
import { isSampled } from '../recommend/blend/session-learner.ts'
import type { BasketStep } from '../schemas/basket-step.ts'
import { basket, basketSteps } from '../schemas/topics.ts'
import { basketTopology } from './basket.ts'
import { run } from './testing/run.ts'
import { type Arrival, seeded } from './testing/traffic.ts'

const seed = Number(process.env.SEED ?? 6)
const day = 86_400_000

/**
 * Customers who order by turns what they ordered last but one, and something else; some orders of guests. Half of the orders
 * come a second after the one before; there are three times as many items as the popular ones that are looked at.
 */
function steps(count: number): Arrival[] {
  const random = seeded(seed)
  const item = () => `p${Math.floor(random() * 300)}`
  const habits = new Map<string, { items: string[]; turn: number }>()
  return Array.from({ length: count }, (_, i) => {
    const customer = `c${Math.floor(random() * 25)}`
    const habit = habits.get(customer) ?? { items: [item(), item(), item(), item()], turn: 0 }
    habits.set(customer, habit)
    habit.turn = 1 - habit.turn
    const value: BasketStep = {
      customer: random() < 0.1 ? null : customer,
      ts: 1_700_000_000_000 + (i - Math.max(0, (i % 20) - 10)) * (day / 20) + Math.max(0, (i % 20) - 10) * 1000,
      items: [...new Set([habit.items[habit.turn], habit.items[2 + habit.turn], item()])]
    }
    return { topic: basketSteps, key: `o${i}`, value, ts: value.ts + 7 * day }
  })
}

const arrivals = steps(1500)
const once = run([basketTopology], arrivals)
const rows = (driver: typeof once) => [...driver.viewAll(basket)]

/** Plain code over the same steps: weights after every 8th of those learned, while they are ahead of the fixed ones. */
function expected() {
  const next = new NextBasket(new BasketIndex(), { popularEvery: 1 })
  const fixed = new BasketRanker()
  let lead = 0
  let published = { version: 0, weights: [] as number[], withheld: 0, lead: 0 }
  for (const [offset, { key, value }] of arrivals.entries()) {
    const { customer, ts, items } = value as BasketStep
    const ordered = { customer, items, timeS: ts / 1000 }
    if (customer !== null && isSampled(offset, 3) && next.index.basketsOf(customer).length > 0) {
      const count = next.predict(customer, ordered.timeS)
      const names = Array.from({ length: count }, (_, i) => next.index.ids.ids[next.candidates.items[i]])
      fixed.score(next.features, count)
      const placeBy = (scores: Float64Array) => {
        const best = names.map((name, i) => ({ name, score: scores[i] })).sort((a, b) => b.score - a.score)
        const hit = best.find(({ name }) => items.includes(name))
        return best.findIndex(({ score }) => score === hit?.score) + 1
      }
      const [learned, start] = [placeBy(next.ranker.scores), placeBy(fixed.scores)]
      const before = next.ranker.steps
      next.learn(new Set(items.map(item => next.index.itemOf(item))))
      const isLearned = next.ranker.steps > before
      if (isLearned) lead += ((learned === 0 ? 0 : 1 / learned - 1 / start) - lead) / 1000
      if (isLearned && next.ranker.steps % 8 === 0) {
        published =
          lead >= 0
            ? { version: offset + 1, weights: [...next.ranker.weights], withheld: 0, lead }
            : { ...published, withheld: published.withheld + 1, lead }
      }
    }
    next.index.put(key, ordered)
  }
  return published
}

test(`weights are, bit for bit, those of plain code over the same baskets (seed ${seed})`, t => {
  const [[key, row], ...others] = rows(once)
  const { weights, lead, ...rest } = expected()
  t.is(key, 'basket')
  t.deepEqual(others, [])
  t.true(row.version > 1000 && row.lead > 0, `version ${row.version}, lead ${row.lead}`)
  t.deepEqual([...row.weights], weights)
  t.like(row, rest)
  t.true(Math.abs(row.lead - lead) < 1e-12)
})

for (const [what, options] of [
  ['in units of one record', { unitRecords: 1 }],
  ['in units of 37 records', { unitRecords: 37, batchRecords: 5 }]
] as const) {
  test(`the same baskets ${what} teach the same bits (seed ${seed})`, t => {
    t.deepEqual(rows(run([basketTopology], arrivals, options)), rows(once))
  })
}

test(`a learner that is stopped and started again every 47 baskets learns the same bits (seed ${seed})`, t => {
  let driver = run([basketTopology], arrivals.slice(0, 47))
  for (let at = 47; at < arrivals.length; at += 47) {
    driver = run([basketTopology], arrivals.slice(at, at + 47), { store: driver.store })
  }
  t.deepEqual(rows(driver), rows(once))
})

test('a basket that is erased is evidence for nothing that comes after', t => {
  const [{ topic, ts, value }, ...others] = arrivals
  const gone = { topic, key: 'gone', value: { ...value, customer: 'c1', items: ['p1', 'p2', 'p3'] }, ts }
  const empty = { topic, key: 'gone', value: { ...value, customer: null, items: [] }, ts }
  const weightsAfter = (...first: Arrival[]) => rows(run([basketTopology], [...first, ...others]))[0][1].weights
  const never = weightsAfter(empty, empty)
  const apart = (weights: number[]) => Math.max(...weights.map((weight, i) => Math.abs(weight - never[i])))
  t.true(apart(weightsAfter(gone, { ...gone, value: null })) < 1e-9)
  t.true(apart(weightsAfter(gone, empty)) < 1e-9)
  t.true(apart(weightsAfter(gone, { ...empty, key: 'another' })) > 1e-6)
})

test(`a basket that was told and erased before a restart is evidence for nothing after it (seed ${seed})`, t => {
  const [{ topic, ts, value }] = arrivals
  const gone = { topic, key: 'gone', value: { ...value, customer: 'c1', items: ['p1', 'p2', 'p3'] }, ts }
  const erased = [...arrivals.slice(0, 699), gone, { ...gone, value: null }]
  const others = arrivals.slice(699)
  const { store } = run([basketTopology], erased)
  t.deepEqual(rows(run([basketTopology], others, { store })), rows(run([basketTopology], [...erased, ...others])))
})

test('nothing is published before something was learned', t => {
  t.deepEqual(rows(run([basketTopology], arrivals.slice(0, 20))), [])
})
