import test from 'ava'
import { days, hours } from '../engine/index.ts'
import { driveProcessor } from '../engine/testing/drive-processor.ts'
import type { ItemId } from '../schemas/ids.ts'
import type { ItemCounts } from './count-once-per-day.ts'
import { foldItemFeatures } from './fold-item-features.ts'

const tea = 'tea' as ItemId
const counts = (ts: number, worth: number, over: Partial<ItemCounts> = {}): ItemCounts => ({
  from: ts,
  to: ts,
  acts: [1, 0, 0, 0],
  units: 0,
  buyers: 0,
  rebuyers: 0,
  popularity: [{ worth, ts }],
  organic: [],
  ...over
})
const start = () => driveProcessor(foldItemFeatures())

test('popularity halves with each half-life', t => {
  const feed = start()
  feed(tea, counts(0, 8), 0)
  feed.reload()
  feed(tea, counts(days(1), 0, { popularity: [] }), days(1))
  t.deepEqual(feed.view(tea)?.popularity, [0, 4, 7.2458, 7.8173])
  t.is(feed.view(tea)?.as_of, days(1))
})

test('a late act is worth what is left of it: any order gives the same', t => {
  const inOrder = start()
  inOrder(tea, counts(0, 1), 0)
  inOrder(tea, counts(hours(5), 2), hours(5))
  const late = start()
  late(tea, counts(hours(5), 2), hours(5))
  late(tea, counts(0, 1), 0)
  t.deepEqual(late.view(tea), inOrder.view(tea))
})

test('what is taken back leaves nothing', t => {
  const feed = start()
  feed(tea, counts(0, 3), 0)
  feed(tea, counts(hours(7), 0, { acts: [-1, 0, 0, 0], popularity: [{ worth: -3, ts: 0 }] }), hours(7))
  const { popularity, views } = feed.view(tea) ?? {}
  t.deepEqual([popularity, views], [[0, 0, 0, 0], 0])
})

test('acts, units and conversion are counted', t => {
  const feed = start()
  for (let i = 0; i < 9; i++) feed(tea, counts(i, 1), i)
  feed(tea, counts(10, 3, { acts: [0, 2, 3, 4], units: 12 }), 10)
  const { views, clicks, carts, purchases, units, conversion, first_seen, last_seen } = feed.view(tea) ?? {}
  t.deepEqual([views, clicks, carts, purchases, units, conversion], [9, 2, 3, 4, 12, 0.4])
  t.deepEqual([first_seen, last_seen], [0, 10])
})

test('conversion is unknown where nothing is known of views', t => {
  const feed = start()
  feed(tea, counts(0, 3, { acts: [0, 0, 0, 1] }), 0)
  t.is(feed.view(tea)?.conversion, null)
})

test('the re-order rate is the share of buyers who came back; unknown without buyers', t => {
  const feed = start()
  feed(tea, counts(0, 1), 0)
  t.is(feed.view(tea)?.reorder_rate, null)
  feed(tea, counts(1, 3, { buyers: 3, rebuyers: 1 }), 1)
  feed.reload()
  t.like(feed.view(tea), { buyers: 3, reorder_rate: 0.3333 })
  feed(tea, counts(2, -3, { buyers: -1, rebuyers: -1 }), 2)
  t.like(feed.view(tea), { buyers: 2, reorder_rate: 0 })
})

test('an item of which only the price is known has no features', t => {
  const feed = start()
  feed(tea, { price: 4 }, 0)
  t.is(feed.view(tea), null)
})

test('the price gives its band, before or after the acts; a deleted product has none', t => {
  const feed = start()
  feed(tea, { price: 4 }, 0)
  feed(tea, counts(0, 1), 0)
  t.is(feed.view(tea)?.price_band, 2)
  feed(tea, { price: 600 }, 0)
  t.is(feed.view(tea)?.price_band, 9)
  feed(tea, { price: null }, 0)
  t.is(feed.view(tea)?.price_band, null)
})

test('a steady item has a trend of 1, a rising one more', t => {
  const feed = start()
  for (let day = 0; day < 300; day++) for (let i = 0; i < 10; i++) feed(tea, counts(days(day) + i, 1), days(day) + i)
  const steady = feed.view(tea)?.trend ?? 0
  t.true(Math.abs(steady - 1) < 0.5, `${steady}`)
  for (let i = 0; i < 100; i++) feed(tea, counts(days(300) + i, 1), days(300) + i)
  t.true((feed.view(tea)?.trend ?? 0) > 3 * steady)
})

test('items do not mix', t => {
  const feed = start()
  feed(tea, counts(0, 1), 0)
  t.is(feed.view('cup' as ItemId), null)
})
