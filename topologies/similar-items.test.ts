import test from 'ava'
import { event } from '../processors/testing/builders.ts'
import { cosines } from '../recommend/association.ts'
import { interactions, similarItems } from '../schemas/topics.ts'
import { allTopologies } from './index.ts'
import { dayMs, dayOf, groupBy, heardOf, left, pairsOf, touchesOf } from './testing/oracle.ts'
import { run } from './testing/run.ts'
import { type Arrival, seeded, traffic } from './testing/traffic.ts'

const seed = Number(process.env.SEED ?? 26)
const arrivals = traffic(seed, { visits: 400, orders: 200 })
const driver = run(allTopologies({ purchaseSource: 'orders' }), arrivals, { unitRecords: 60 })
const view = driver.viewAll(similarItems)
const touches = touchesOf(arrivals)
const pairs = pairsOf(touches)
const daysOf = groupBy(pairs, ({ item }) => item)
const asOf = new Map(
  [...heardOf(arrivals)].map(([item, times]) => {
    // A pair across midnight is heard of on its later day, by both.
    const days = (daysOf.get(item) ?? []).map(({ day }) => day)
    return [item, Math.max(dayOf(Math.max(...times)), ...days)]
  })
)
const decayed = (item: string, days: { day: number }[]) =>
  days.reduce((sum, { day }) => sum + left((asOf.get(item) ?? 0) - day, 7 * dayMs), 0)
const personDays = (item: string) => [
  ...new Map(
    touches.filter(touch => touch.item === item).map(({ person, ts }) => [`${person} ${dayOf(ts)}`, { day: dayOf(ts) }])
  ).values()
]
const weights = new Map([...asOf.keys()].map(item => [item, decayed(item, personDays(item))]))

for (const [list, kind] of [
  ['co_viewed', 'together'],
  ['viewed_then_bought', 'bought']
] as const) {
  test(`${list}: shares of decayed person-days, for pairs of three people (seed ${seed})`, t => {
    const byPair = groupBy(
      pairs.filter(pair => pair.kind === kind),
      ({ item, other }) => `${item} ${other}`
    )
    const expected = new Map(
      [...byPair].filter(
        ([, list]) => new Set(list.map(({ person }) => person)).size >= 3 && decayed(list[0].item, list) > 0.01
      )
    )
    const found = new Map(
      [...view].flatMap(([item, row]) => row[list].map(pair => [`${item} ${pair.product_id}`, pair.score]))
    )
    t.true(found.size > 20, `${found.size}`)
    t.deepEqual([...found.keys()].sort(), [...expected.keys()].sort())
    for (const [pair, score] of found) {
      const item = pair.split(' ')[0]
      const share = decayed(item, expected.get(pair) ?? []) / (weights.get(item) ?? 0)
      t.true(Math.abs(score - share) < 2e-4, `${pair}: ${score} is not ${share}`)
    }
  })
}

test(`an item's weight is its decayed person-days (seed ${seed})`, t => {
  for (const [item, { weight, as_of }] of view) {
    t.is(as_of, asOf.get(item) ?? Number.NaN)
    t.true(Math.abs(weight - (weights.get(item) ?? 0)) < 2e-4, item)
  }
})

test(`the rows of two items give their cosine (seed ${seed})`, t => {
  const end = Math.max(...asOf.values())
  const at = (item: string, sum: number) => sum * left(end - (asOf.get(item) ?? 0), 7 * dayMs)
  for (const [item, row] of view) {
    for (const { product_id: other, score } of cosines(row, 'co_viewed', id => view.get(id))) {
      const both = pairs.filter(pair => pair.kind === 'together' && pair.item === item && pair.other === other)
      const norm = Math.sqrt(at(item, weights.get(item) ?? 0) * at(other, weights.get(other) ?? 0))
      const cosine = at(item, decayed(item, both)) / norm
      t.true(Math.abs(score - cosine) < 1e-3, `${item} ${other}: ${score} is not ${cosine}`)
    }
  }
})

test(`where the bound cuts, 95 of 100 of the best are still there (seed ${seed})`, t => {
  const random = seeded(seed)
  const arrivals: Arrival[] = []
  for (let i = 0; i < 1_500; i++) {
    const user_id = `u${i % 300}`
    const start = 1_700_000_000_000 + i * 1_800_000
    const items = Array.from({ length: 15 }, () => `p${Math.floor(random() * random() * random() * 2_500)}`)
    for (const [k, product_id] of ['tea', ...items].entries()) {
      const ts = start + k * 1_000
      arrivals.push({ topic: interactions, key: user_id, value: event({ user_id, product_id, ts }), ts })
    }
  }
  const shown = run(allTopologies({ purchaseSource: 'orders' }), arrivals).view(similarItems, 'tea' as never)?.co_viewed
  const days = groupBy(
    pairsOf(touchesOf(arrivals)).filter(({ item, kind }) => item === 'tea' && kind === 'together'),
    ({ other }) => other
  )
  const end = dayOf(arrivals.at(-1)?.ts ?? 0)
  const exact = [...days]
    .filter(([, list]) => new Set(list.map(({ person }) => person)).size >= 3)
    .map(([other, list]) => ({ other, sum: list.reduce((sum, { day }) => sum + left(end - day, 7 * dayMs), 0) }))
    .sort((a, b) => b.sum - a.sum)
    .slice(0, 50)
  const best = new Set(shown?.slice(0, 50).map(({ product_id }) => product_id))
  const kept = exact.filter(({ other }) => best.has(other))
  t.true(days.size > 1_000, 'the bound cuts')
  t.true(kept.length >= 0.95 * exact.length, `${kept.length} of ${exact.length}`)
})
