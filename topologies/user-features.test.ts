import test from 'ava'
import { event, product, user } from '../processors/testing/builders.ts'
import { priceBand } from '../recommend/price-band.ts'
import { interactions, merges, products, userFeatures, users } from '../schemas/topics.ts'
import { allTopologies } from './index.ts'
import { attributed, dayMs, groupBy, left, ordersOf, purchasesIn, rowAt, touchesOf, worthOf } from './testing/oracle.ts'
import { run } from './testing/run.ts'
import { traffic } from './testing/traffic.ts'

const seed = Number(process.env.SEED ?? 27)
const topologies = allTopologies({ purchaseSource: 'orders' })
const arrivals = traffic(seed, { visits: 250, orders: 150 })
const view = run(topologies, arrivals, { unitRecords: 60 }).viewAll(userFeatures)
const orders = ordersOf(arrivals)
const acts = attributed(arrivals).filter(({ user_id, event_type }) => user_id !== null && event_type !== 'purchase')
const newest = (rows: { product_id: string; ts: number }[]) =>
  [...groupBy(rows, ({ product_id }) => product_id)]
    .map(([product_id, list]) => ({ product_id, ts: Math.max(...list.map(({ ts }) => ts)) }))
    .sort((a, b) => b.ts - a.ts || (a.product_id < b.product_id ? -1 : 1))

test(`what users saw, hid and bought (seed ${seed})`, t => {
  for (const [person, row] of view) {
    const own = acts.filter(act => act.person === person)
    t.deepEqual(
      row.seen.map(one => ({ ...one })),
      newest(own.filter(({ event_type }) => event_type !== 'dismiss')).slice(0, 100),
      person
    )
    t.deepEqual(
      row.dismissed.map(one => ({ ...one })),
      newest(own.filter(({ event_type }) => event_type === 'dismiss')),
      person
    )
    const bought = purchasesIn(orders).filter(purchase => purchase.person === person)
    const counts = groupBy(bought, ({ item }) => item)
    t.deepEqual(
      row.bought.map(one => ({ ...one })),
      newest(bought.map(({ item, ts }) => ({ product_id: item, ts }))).map(one => ({
        ...one,
        count: counts.get(one.product_id)?.length ?? 0
      })),
      person
    )
  }
})

test(`recency, frequency and money (seed ${seed})`, t => {
  for (const [person, row] of view) {
    const own = acts.filter(act => act.person === person)
    const baskets = orders.filter(order => order.person === person)
    const counted = baskets.filter(({ counts }) => counts)
    const times = [...own, ...baskets].map(({ ts }) => ts)
    const asOf = times.length > 0 ? Math.max(...times) : 0
    t.deepEqual([row.recency, row.orders], [asOf, counted.length], person)
    const spent = purchasesIn(baskets).reduce((sum, { qty, price }) => sum + qty * price, 0)
    t.true(Math.abs(row.monetary - spent) < 0.01, person)
    const frequency = [...own, ...counted].reduce((sum, { ts }) => sum + left(asOf - ts, 30 * dayMs), 0)
    t.true(Math.abs(row.frequency - frequency) < 2e-3, `${person}: ${row.frequency} is not ${frequency}`)
  }
})

test(`tastes are those of the rows in force when people acted (seed ${seed})`, t => {
  const liked = touchesOf(arrivals).filter(({ isUser }) => isUser)
  for (const [person, row] of view) {
    const own = liked.filter(touch => touch.person === person)
    const tastes = own.map(({ item, ts, type }) => ({
      row: rowAt(arrivals, item, ts),
      score: worthOf(type) * left(row.as_of - ts, 30 * dayMs)
    }))
    for (const [list, nameOf] of [
      ['categories', (one: any) => one?.category],
      ['brands', (one: any) => one?.brand],
      ['price_bands', (one: any) => one && String(priceBand(one.price))]
    ] as const) {
      const sums = [...groupBy(tastes, taste => nameOf(taste.row) ?? '')].map(
        ([name, all]) => [name, all.reduce((sum, { score }) => sum + score, 0)] as const
      )
      const found = new Map(row[list].map(({ name, score }) => [name, score]))
      t.true(
        [...found.keys()].every(name => sums.some(([one]) => one === name)),
        person
      )
      for (const [name, sum] of sums) {
        t.true(Math.abs((found.get(name) ?? 0) - sum) < 2e-3, `${person} ${name}: ${found.get(name)} is not ${sum}`)
      }
    }
  }
})

test('a device that is merged becomes part of the user, with what it does later', t => {
  const look = (user_id: string, product_id: string, ts: number) => ({
    topic: interactions,
    key: user_id,
    value: event({ user_id, product_id, ts }),
    ts
  })
  const driver = run(
    topologies,
    [
      { topic: products, key: 'tea', value: product(), ts: 0 },
      { topic: users, key: 'ann', value: user({ user_id: 'ann', country: 'DE' }), ts: 0 },
      look('device', 'tea', 10),
      { topic: merges, key: 'device', value: { user_id: 'ann', ts: 20 }, ts: 20 },
      look('device', 'cup', 30),
      look('ann', 'pot', 40)
    ],
    { unitRecords: 1 }
  )
  const { country, seen, categories, others } = driver.view(userFeatures, 'ann' as never) ?? {}
  t.deepEqual([country, seen?.map(one => one.product_id)], ['DE', ['pot', 'cup', 'tea']])
  t.is(categories?.[0].name, 'drinks')
  t.deepEqual(
    others?.map(one => ({ ...one })),
    [{ id: 'device', known_from: null }]
  )
  t.is(driver.view(userFeatures, 'device' as never), undefined)
})
