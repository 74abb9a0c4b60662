import test from 'ava'
import { line, order } from '../processors/testing/builders.ts'
import { associations } from '../recommend/association.ts'
import { boughtTogether, orderItems, orders } from '../schemas/topics.ts'
import { basketsTopology } from './baskets.ts'
import { boughtTogetherTopology } from './bought-together.ts'
import { groupBy, ordersOf } from './testing/oracle.ts'
import { run } from './testing/run.ts'
import { type Arrival, seeded, traffic } from './testing/traffic.ts'

const seed = Number(process.env.SEED ?? 24)
const topologies = [basketsTopology('orders'), boughtTogetherTopology]

/** For each item: its baskets, and with each other item those they share and whose they are. */
function expectedOf(arrivals: readonly Arrival[]) {
  const counted = ordersOf(arrivals)
    .filter(({ counts }) => counts)
    .map(({ person, lines }) => ({ person, items: lines.filter(({ qty }) => qty > 0).map(({ item }) => item) }))
    .filter(({ items }) => items.length > 0)
  const pairs = counted.flatMap(({ person, items }) =>
    items.flatMap(item => items.filter(other => other !== item).map(other => ({ person, item, other })))
  )
  const containing = groupBy(
    counted.flatMap(({ items }) => items),
    item => item
  )
  const of = (item: string) => containing.get(item)?.length ?? 0
  const companions = [...groupBy(pairs, ({ item, other }) => `${item} ${other}`)].map(([key, list]) => {
    const [item, other] = key.split(' ')
    const people = new Set(list.map(({ person }) => person)).size
    const confidence = list.length / of(item)
    return { item, other, together: list.length, people, confidence, lift: confidence / (of(other) / counted.length) }
  })
  return { total: counted.length, of, companions: companions.filter(({ people }) => people >= 3) }
}

test(`counts, confidence and lift are those of the orders as they stand in the end (seed ${seed})`, t => {
  const arrivals = traffic(seed, { visits: 0, orders: 500 })
  const view = run(topologies, arrivals, { unitRecords: 40, partitions: 4 }).viewAll(boughtTogether)
  const expected = expectedOf(arrivals)
  const baskets = { total: view.get('*')?.baskets ?? 0, of: (id: string) => view.get(id)?.baskets ?? 0 }
  const found = new Map(
    [...view].flatMap(([item, row]) =>
      associations(row, baskets).map(pair => [`${item} ${pair.product_id}`, { ...pair, of: row.baskets }] as const)
    )
  )
  t.is(baskets.total, expected.total)
  for (const [item, row] of view) if (item !== '*') t.is(row.baskets, expected.of(item), item)
  t.true(found.size > 100)
  t.deepEqual([...found.keys()].sort(), expected.companions.map(({ item, other }) => `${item} ${other}`).sort())
  for (const { item, other, together, lift } of expected.companions) {
    const pair = found.get(`${item} ${other}`)
    t.is(pair?.together, together)
    t.true(Math.abs((pair?.confidence ?? 0) - together / expected.of(item)) < 1e-4)
    t.true(Math.abs((pair?.lift ?? 0) - lift) < 1e-9)
  }
})

test(`where the bound cuts, 95 of 100 of the best are still there (seed ${seed})`, t => {
  const random = seeded(seed)
  const arrivals: Arrival[] = []
  for (let i = 0; i < 1_500; i++) {
    const ts = 1_700_000_000_000 + i * 60_000
    arrivals.push({
      topic: orders,
      key: `o${i}`,
      value: order({ order_id: `o${i}`, user_id: `u${i % 200}`, order_ts: ts }),
      ts
    })
    const items = new Set([
      'tea',
      ...Array.from({ length: 25 }, () => `p${Math.floor(random() * random() * random() * 2_000)}`)
    ])
    for (const id of items)
      arrivals.push({ topic: orderItems, key: `o${i}`, value: line(id, { order_id: `o${i}` }), ts })
  }
  const view = run(topologies, arrivals).view(boughtTogether, 'tea' as never)
  const exact = expectedOf(arrivals)
    .companions.filter(({ item }) => item === 'tea')
    .sort((a, b) => b.together - a.together || (a.other < b.other ? -1 : 1))
    .slice(0, 50)
  const shown = new Set(view?.companions.slice(0, 50).map(({ product_id }) => product_id))
  const kept = exact.filter(({ other }) => shown.has(other))
  t.true(kept.length >= 0.95 * exact.length, `${kept.length} of ${exact.length}`)
})
