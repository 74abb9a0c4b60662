import test from 'ava'
import { ByteReader } from '../engine/bytes.ts'
import { driveProcessor } from '../engine/testing/drive-processor.ts'
import type { ItemId } from '../schemas/ids.ts'
import type { ProductRow } from '../schemas/tables.ts'
import { joinTaste } from './join-taste.ts'
import { product } from './testing/builders.ts'

const tea = 'tea' as ItemId
const start = () => {
  const feed = driveProcessor(joinTaste())
  const told = (out: ReturnType<typeof feed>) =>
    out.map(({ key, value: { category, worth } }) => `${key} ${category} ${worth}`)
  const row = (category: string, updated_at: number, over: Partial<ProductRow> = {}) =>
    told(feed(tea, product({ category, updated_at, ...over }), updated_at))
  const like = (ts: number, worth = 1, person = 'u1') => told(feed(tea, { person, worth, ts }, ts))
  return { feed, row, like }
}

test('an act is told with what its item is', t => {
  const { feed } = start()
  feed(tea, product({ category: 'drinks', brand: 'Leaf', price: 4 }), 0)
  feed.reload()
  t.deepEqual(feed(tea, { person: 'u1', worth: 2, ts: 5 }, 5), [
    { key: 'u1' as never, value: { category: 'drinks', brand: 'Leaf', band: 2, worth: 2, ts: 5 }, timestamp: 5 }
  ])
})

test('an act before its item’s first row is told when the row comes', t => {
  const { feed, row, like } = start()
  t.deepEqual(like(5), [])
  feed.reload()
  t.deepEqual(row('drinks', 100), ['u1 drinks 1'])
})

test('an act is judged by the row of its time: a row that comes late corrects it', t => {
  const { row, like } = start()
  row('drinks', 0)
  t.deepEqual(like(5), ['u1 drinks 1'])
  t.deepEqual(like(20), ['u1 drinks 1'])
  t.deepEqual(row('food', 10), ['u1 drinks -1', 'u1 food 1'])
  t.deepEqual(like(30), ['u1 food 1'])
})

test('a row that changes nothing of taste corrects nothing', t => {
  const { row, like } = start()
  row('drinks', 0)
  like(5)
  t.deepEqual(row('drinks', 1, { stock: 3, price: 4.5 }), [])
})

test('an act that is taken back is told as it was', t => {
  const { row, like } = start()
  row('drinks', 0)
  like(5)
  t.deepEqual(like(5, -1), ['u1 drinks -1'])
})

test('what people liked they liked: a deleted product keeps its kind', t => {
  const { feed, row, like } = start()
  feed(tea, null, 0)
  row('drinks', 1)
  feed(tea, null, 2)
  t.deepEqual(like(5), ['u1 drinks 1'])
})

test('of a crowd that came before the row, the newest 64 are told', t => {
  const { row, like } = start()
  for (let i = 0; i < 100; i++) like(i, 1, `u${i}`)
  const told = row('drinks', 1_000)
  t.is(told.length, 64)
  t.is(told[0], 'u36 drinks 1')
})

test('acts come back from the store in their order, those of one time by person', t => {
  const { feed, row, like } = start()
  for (const [ts, person] of [
    [5, 'zoë'],
    [9, 'u2'],
    [5, 'anna'],
    [7, 'u1'],
    [5, 'max']
  ] as const)
    like(ts, 0.5, person)
  like(7, -0.5, 'u1')
  feed.reload()
  t.deepEqual(row('drinks', 100), ['anna drinks 0.5', 'max drinks 0.5', 'zoë drinks 0.5', 'u2 drinks 0.5'])
})

test('items do not mix', t => {
  const { feed, row } = start()
  row('drinks', 0)
  t.deepEqual(feed('cup' as ItemId, { person: 'u1', worth: 1, ts: 5 }, 5), [])
})

test('acts that were stored as JSON are read', t => {
  const { codec } = joinTaste().state.item
  const open = [
    { person: 'u1', worth: 1, ts: 5 },
    { person: 'u2', worth: 3, ts: 9 }
  ]
  const stored = Buffer.from(JSON.stringify({ versions: [], open }))
  const item = codec.readOlder?.(1, new ByteReader(stored))
  t.deepEqual(item?.open.toJSON(), open)
})

test('what an erased person did is not told again when a row comes late, and is not known any more', t => {
  const feed = driveProcessor(joinTaste())
  for (const person of ['ann', 'bob']) feed(tea, { person, worth: 1, ts: 5 }, 5)
  feed(tea, { person: 'ann', worth: 1, ts: 12 }, 12)
  feed(tea, { forgets: 'ann', until: 10 }, 10)
  feed.reload()
  const told = feed(tea, product({ category: 'drinks', updated_at: 1 }), 20)
  t.deepEqual(
    told.map(({ key, value }) => `${key} ${value.ts}`),
    ['bob 5', 'ann 12']
  )
})
