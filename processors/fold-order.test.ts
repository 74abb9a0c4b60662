import test from 'ava'
import { days } from '../engine/index.ts'
import { driveProcessor } from '../engine/testing/drive-processor.ts'
import type { OrderId } from '../schemas/ids.ts'
import { foldOrder } from './fold-order.ts'
import { line, order } from './testing/builders.ts'

const o1 = 'o1' as OrderId
const quantities = (feed: ReturnType<typeof start>) =>
  feed.view(o1)?.lines.map(({ product_id, qty }) => `${product_id} ${qty}`)
const start = () => driveProcessor(foldOrder())

test('an order is its row and its lines, in order of the products', t => {
  const feed = start()
  feed(o1, order({ order_ts: 7 }), 7)
  feed(o1, line('tea', { qty: 2, price: 4 }), 7)
  feed(o1, line('cup'), 7)
  feed.reload()
  t.deepEqual(feed.view(o1), {
    person: 'u1',
    is_user: true,
    ts: 7,
    counts: true,
    lines: [
      { product_id: 'cup', ts: 7, qty: 1, price: 1, organic: true },
      { product_id: 'tea', ts: 7, qty: 2, price: 4, organic: true }
    ]
  })
})

test('lines that come before their order make the same basket', t => {
  const early = start()
  early(o1, line('tea'), 0)
  t.is(early.view(o1), null)
  early(o1, order(), 0)
  const inTime = start()
  inTime(o1, order(), 0)
  inTime(o1, line('tea'), 0)
  t.deepEqual(early.view(o1), inTime.view(o1))
})

test('a line that comes again replaces itself; returns leave what was kept', t => {
  const feed = start()
  feed(o1, order(), 0)
  feed(o1, line('tea', { qty: 5 }), 0)
  feed(o1, line('tea', { qty: 5, returned_qty: 2 }), 1)
  t.deepEqual(quantities(feed), ['tea 3'])
  feed(o1, line('tea', { qty: 5, returned_qty: 9 }), 2)
  t.deepEqual(quantities(feed), ['tea 0'])
})

test('a deleted line stays with nothing in it', t => {
  const feed = start()
  feed(o1, order(), 0)
  feed(o1, line('tea', { qty: 5 }), 0)
  feed(o1, line('tea', { qty: 0, deleted: true }), 1)
  t.deepEqual(quantities(feed), ['tea 0'])
})

for (const status of ['cancelled', 'returned'] as const) {
  test(`an order that is ${status} does not count, and counts again when placed again`, t => {
    const feed = start()
    feed(o1, line('tea'), 0)
    feed(o1, order({ status }), 0)
    t.false(feed.view(o1)?.counts)
    feed(o1, order(), 1)
    t.true(feed.view(o1)?.counts)
  })
}

test('a tombstone keeps the order without counting it; for an unknown order it means nothing', t => {
  const feed = start()
  feed(o1, null, 0)
  t.is(feed.view(o1), null)
  feed(o1, order(), 0)
  feed(o1, null, 1)
  t.false(feed.view(o1)?.counts)
})

test('orders do not mix', t => {
  const feed = start()
  feed(o1, order(), 0)
  feed('o2' as OrderId, line('tea', { order_id: 'o2' }), 0)
  t.deepEqual(quantities(feed), [])
})

test('a week after it was ordered, an order is told once, as it then stands, and to nobody by name', t => {
  const feed = start()
  const week = days(7)
  feed(o1, order({ order_ts: 7 }), 7)
  feed(o1, line('tea'), 7)
  feed(o1, line('cup'), days(3))
  feed(o1, line('tea', { qty: 1, returned_qty: 1 }), days(4))
  feed.reload()
  t.deepEqual(feed.advance(week + 6), [])
  const [{ key, value }, ...others] = feed.advance(week + 7)
  t.deepEqual([key, value?.items, value?.ts, others], [o1, ['cup'], 7, []])
  t.truthy(value?.customer)
  t.false(JSON.stringify(value).includes('u1'))
  feed(o1, line('pot'), week + 8)
  feed(o1, order({ order_ts: 9 }), week + 9)
  t.deepEqual(feed.advance(days(30)), [])
  t.deepEqual(feed(o1, { erased: 'u1', until: days(30) }, days(30)), [{ key: o1, value: null, timestamp: days(30) }])
})

test('an order that does not count by then, and one that is erased before, are never told', t => {
  const feed = start()
  feed(o1, order(), 0)
  feed(o1, line('tea'), 0)
  feed(o1, order({ status: 'cancelled' }), days(1))
  feed('o2' as OrderId, order({ order_id: 'o2' }), 0)
  feed('o2' as OrderId, line('tea'), 0)
  t.deepEqual(feed('o2' as OrderId, { erased: 'u1', until: days(1) }, days(1)), [])
  t.deepEqual(feed.advance(days(30)), [])
})

test('of an order of long ago, whose lines come after its row, the lines have a week to come', t => {
  const feed = start()
  const now = days(500)
  feed(o1, order({ order_ts: 7 }), 7)
  feed.advance(now)
  t.deepEqual(feed(o1, line('tea'), now), [])
  t.deepEqual(feed(o1, line('cup'), now + 1), [])
  t.deepEqual(feed.advance(now + days(7) - 1), [])
  t.deepEqual(
    feed.advance(now + days(7)).map(({ value }) => value?.items),
    [['cup', 'tea']]
  )
})

test('a row that comes again between the lines of an order of long ago leaves them their week', t => {
  const feed = start()
  const now = days(500)
  feed(o1, order({ order_ts: 7 }), 7)
  feed.advance(now)
  feed(o1, order({ order_ts: 7, total: 3 }), now)
  feed(o1, line('tea'), now + 1)
  feed(o1, order({ order_ts: 7, total: 4 }), now + 2)
  feed.reload()
  t.deepEqual(feed.advance(now + days(6)), [])
  feed(o1, line('cup'), now + days(6))
  t.deepEqual(
    feed.advance(now + days(7)).map(({ value }) => value?.items),
    [['cup', 'tea']]
  )
  t.deepEqual(feed.advance(now + days(30)), [])
})

test('an order whose time is corrected is told a week after that', t => {
  const feed = start()
  feed(o1, line('tea'), 0)
  feed(o1, order({ order_ts: 7 }), 7)
  feed(o1, order({ order_ts: days(3) }), days(3))
  t.deepEqual(feed.advance(days(9)), [])
  t.is(feed.advance(days(10)).length, 1)
})

test('an order that turns out to be of after the erasure stays', t => {
  const feed = start()
  feed(o1, order({ order_ts: 20 }), 20)
  feed(o1, { erased: 'u1', until: 19 }, 21)
  t.is(feed.view(o1)?.ts, 20)
})

test('of an order whose person is erased nothing stays; of somebody else’s everything', t => {
  const feed = start()
  feed(o1, order({ order_ts: 7 }), 7)
  feed(o1, line('tea'), 7)
  feed(o1, { erased: 'u2', until: 9 }, 9)
  t.deepEqual(quantities(feed), ['tea 1'])
  feed(o1, { erased: 'u1', until: 9 }, 9)
  feed.reload()
  t.is(feed.view(o1), null)
  feed(o1, order({ order_ts: 7 }), 10)
  t.deepEqual(quantities(feed), [], 'its lines are gone as well')
})
