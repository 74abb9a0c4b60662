import test from 'ava'
import { days } from '../engine/index.ts'
import { basketSteps, baskets } from '../schemas/topics.ts'
import { admitEventsTopology } from './admit-events.ts'
import { basketsTopology } from './baskets.ts'
import { admitted, attributed, groupBy, ordersOf } from './testing/oracle.ts'
import { run } from './testing/run.ts'
import { traffic } from './testing/traffic.ts'

const seed = Number(process.env.SEED ?? 23)

test(`a basket is its order as it stands in the end (seed ${seed})`, t => {
  const arrivals = traffic(seed, { visits: 0, orders: 300 })
  const view = run([basketsTopology('orders')], arrivals, { unitRecords: 9, partitions: 4 }).viewAll(baskets)
  const expected = ordersOf(arrivals)
  t.true(expected.some(({ counts }) => !counts))
  t.deepEqual(
    Object.fromEntries(
      [...view].map(([id, { person, ts, counts, lines }]) => [
        id,
        { person, ts, counts, lines: lines.map(line => [line.product_id, line.qty, line.price]) }
      ])
    ),
    Object.fromEntries(
      expected.map(({ id, person, ts, counts, lines }) => [
        id,
        { person, ts, counts, lines: lines.map(line => [line.item, line.qty, line.price]).sort() as any }
      ])
    )
  )
})

for (const unitRecords of [1, 70]) {
  test(`each basket is told once to who learns from it, as it stands in the end, oldest first, in units of ${unitRecords} (seed ${seed})`, t => {
    const arrivals = traffic(seed, { visits: 0, orders: 300 })
    const driver = run([basketsTopology('orders')], arrivals, { unitRecords, thenMs: days(8) })
    const expected = ordersOf(arrivals)
      .filter(({ counts }) => counts)
      .map(({ id, ts, lines }) => ({ id, ts, items: lines.filter(({ qty }) => qty > 0).map(({ item }) => item) }))
      .filter(({ items }) => items.length > 0)
      .map(({ id, ts, items }) => `${ts} ${id} ${items.sort().join()}`)
    t.deepEqual(
      driver.outputs(basketSteps).map(({ key, value }) => `${value?.ts} ${key} ${value?.items.join()}`),
      expected.sort()
    )
  })
}

test(`from events, a basket is an order, or what one person buys with 10 minutes in between at most (seed ${seed})`, t => {
  const arrivals = traffic(seed, { purchaseEvents: true, visits: 300, orders: 0 })
  const topologies = [admitEventsTopology({ purchasesCount: true }), basketsTopology('events')]
  const view = run(topologies, arrivals, { unitRecords: 50 }).viewAll(baskets)
  const orderIds = new Map(
    admitted(arrivals).map(({ ts, product_id, context }) => [`${ts} ${product_id}`, context.order_id])
  )
  const purchases = attributed(arrivals).filter(({ event_type }) => event_type === 'purchase')
  const named = groupBy(purchases, ({ ts, product_id }) => String(orderIds.get(`${ts} ${product_id}`) ?? ''))
  const loose = groupBy(named.get('') ?? [], ({ person }) => person)
  named.delete('')
  const expected = [...named.values(), ...[...loose.values()].flatMap(parted)]
  const textOf = (lines: { product_id: string; ts: number }[]) =>
    lines
      .map(({ product_id, ts }) => `${ts} ${product_id}`)
      .sort()
      .join()
  t.true(expected.some(lines => lines.length > 1))
  t.deepEqual([...view.values()].map(({ lines }) => textOf(lines)).sort(), expected.map(textOf).sort())
})

function parted<T extends { ts: number }>(purchases: T[]): T[][] {
  const parts: T[][] = []
  for (const purchase of purchases.sort((a, b) => a.ts - b.ts)) {
    const last = parts.at(-1)
    if (last && purchase.ts - last[last.length - 1].ts <= 600_000) last.push(purchase)
    else parts.push([purchase])
  }
  return parts
}
