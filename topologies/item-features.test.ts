import test from 'ava'
import { priceBand } from '../recommend/price-band.ts'
import { itemFeatures } from '../schemas/topics.ts'
import { halfLives } from '../schemas/views.ts'
import { allTopologies } from './index.ts'
import {
  dayOf,
  groupBy,
  heardOf,
  left,
  ordersOf,
  personDays,
  purchasesIn,
  touchesOf,
  worthOf
} from './testing/oracle.ts'
import { run } from './testing/run.ts'
import { traffic } from './testing/traffic.ts'

const seed = Number(process.env.SEED ?? 25)
const arrivals = traffic(seed, { visits: 250, orders: 250 })
const driver = run(allTopologies({ purchaseSource: 'orders' }), arrivals, { unitRecords: 60 })
const view = driver.viewAll(itemFeatures)
const touches = touchesOf(arrivals)
const heard = heardOf(arrivals)
const isNear = (a: number, b: number) => Math.abs(a - b) <= 2e-4 * Math.max(1, b)

test(`an item has features from the first time it is heard of (seed ${seed})`, t => {
  t.deepEqual([...view.keys()].sort(), [...heard.keys()].sort())
  for (const [item, { first_seen, last_seen, as_of }] of view) {
    const times = heard.get(item) ?? []
    t.deepEqual([first_seen, last_seen, as_of], [Math.min(...times), Math.max(...times), Math.max(...times)], item)
  }
})

test(`popularity is what is left of each person's days with the item (seed ${seed})`, t => {
  for (const [kind, of] of [
    ['popularity', touches],
    ['organic', touches.filter(({ organic }) => organic)]
  ] as const) {
    const days = groupBy(personDays(of), ({ item }) => item)
    for (const [item, row] of view) {
      for (const [i, life] of Object.values(halfLives).entries()) {
        const sum = (days.get(item) ?? []).reduce(
          (all, { type, ts }) => all + worthOf(type) * left(row.as_of - ts, life),
          0
        )
        t.true(isNear(row[kind][i], sum), `${kind} ${item} ${i}: ${row[kind][i]} is not ${sum}`)
      }
    }
  }
})

test(`acts, units and price bands are exact (seed ${seed})`, t => {
  const lastRow = new Map(
    arrivals.filter(({ topic }) => topic.name === 'products').map(({ key, value }) => [key, value])
  )
  const bought = groupBy(purchasesIn(ordersOf(arrivals)), ({ item }) => item)
  for (const [item, row] of view) {
    const count = (type: string) => touches.filter(touch => touch.item === item && touch.type === type).length
    t.deepEqual(
      [row.views, row.clicks, row.carts, row.purchases],
      ['view', 'click', 'add_to_cart', 'purchase'].map(count),
      item
    )
    t.is(
      row.units,
      (bought.get(item) ?? []).reduce((sum, { qty }) => sum + qty, 0),
      item
    )
    t.is(row.price_band, priceBand(lastRow.get(item)?.price ?? null), item)
  }
})

test(`the re-order rate is the share of buyers with a second day (seed ${seed})`, t => {
  const bought = groupBy(
    touches.filter(({ type }) => type === 'purchase'),
    ({ item }) => item
  )
  let cameBack = 0
  for (const [item, row] of view) {
    const buyers = [...groupBy(bought.get(item) ?? [], ({ person }) => person).values()]
    const again = buyers.filter(times => new Set(times.map(({ ts }) => dayOf(ts))).size > 1).length
    t.is(row.buyers, buyers.length, item)
    const rate = buyers.length > 0 ? again / buyers.length : null
    t.is(row.reorder_rate, rate === null ? null : Math.round(rate * 10_000) / 10_000, item)
    cameBack += again
  }
  t.true(cameBack > 10)
})
