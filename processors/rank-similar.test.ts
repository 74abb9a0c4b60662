import test from 'ava'
import { days } from '../engine/index.ts'
import { driveProcessor } from '../engine/testing/drive-processor.ts'
import type { ItemId } from '../schemas/ids.ts'
import type { ItemPairs } from './pair-sittings.ts'
import { rankSimilar } from './rank-similar.ts'

const tea = 'tea' as ItemId
const start = () => {
  const feed = driveProcessor(rankSimilar())
  const sit = (person: number, more: string[], over: Partial<ItemPairs> = {}) => {
    const day = over.day ?? 0
    const pairs = { day, person, weight: 1, together: { more, less: [] }, bought: { more: [], less: [] }, ...over }
    feed(tea, pairs, day)
  }
  const names = () => feed.view(tea)?.co_viewed.map(({ product_id }) => product_id)
  return { feed, sit, names }
}

test('a pair of three people is shown with its share of the item’s person-days', t => {
  const { feed, sit } = start()
  for (const person of [1, 2, 3]) sit(person, ['cup'])
  sit(4, [])
  feed.reload()
  t.deepEqual(feed.view(tea), {
    as_of: 0,
    weight: 4,
    co_viewed: [{ product_id: 'cup', score: 0.75, people: 3 }],
    viewed_then_bought: []
  })
})

test('fewer than three people are never shown, however often they come', t => {
  const { feed, sit, names } = start()
  for (let i = 0; i < 50; i++) sit(1 + (i % 2), ['cup'])
  feed.reload()
  sit(2, ['cup'])
  t.deepEqual(names(), [])
  sit(3, ['cup'])
  t.deepEqual(names(), ['cup'])
})

test('newer days count more: half as much every 7 days', t => {
  const { feed, sit } = start()
  for (const person of [1, 2, 3]) sit(person, ['old'])
  for (const person of [1, 2, 3]) sit(person, ['new'], { day: days(7) })
  t.deepEqual(feed.view(tea)?.co_viewed, [
    { product_id: 'new', score: 0.6667, people: 3 },
    { product_id: 'old', score: 0.3333, people: 3 }
  ])
})

test('a late day gives the same as one in time', t => {
  const inTime = start()
  const late = start()
  for (const person of [1, 2, 3]) inTime.sit(person, ['cup'])
  for (const person of [1, 2, 3]) inTime.sit(person, ['pot'], { day: days(3) })
  for (const person of [1, 2, 3]) late.sit(person, ['pot'], { day: days(3) })
  for (const person of [1, 2, 3]) late.sit(person, ['cup'])
  t.deepEqual(late.feed.view(tea), inTime.feed.view(tea))
})

test('pairs that are taken back are gone', t => {
  const { sit, names } = start()
  for (const person of [1, 2, 3]) sit(person, ['cup'])
  for (const person of [1, 2, 3]) sit(person, [], { weight: -1, together: { more: [], less: ['cup'] } })
  t.deepEqual(names(), [])
})

test('what was bought after looking has its own list', t => {
  const { feed, sit } = start()
  for (const person of [1, 2, 3]) sit(person, [], { bought: { more: ['pot'], less: [] } })
  t.deepEqual(feed.view(tea)?.viewed_then_bought, [{ product_id: 'pot', score: 1, people: 3 }])
})

test('a full list keeps what is shown and gives newcomers room', t => {
  const { feed, sit, names } = start()
  for (const person of [1, 2, 3]) sit(person, ['cup'])
  for (let i = 0; i < 3_000; i++) sit(9, [`p${i}`])
  feed.reload()
  for (const person of [1, 2, 3]) for (let i = 0; i < 9; i++) sit(person, ['new'])
  t.deepEqual(names(), ['new', 'cup'])
})

test('at most 100 are shown, ties by id', t => {
  const { sit, names } = start()
  const ids = Array.from({ length: 150 }, (_, i) => `p${1000 + i}`)
  for (const person of [1, 2, 3]) sit(person, [...ids].reverse())
  t.deepEqual(names(), ids.slice(0, 100))
})

test('items do not mix', t => {
  const { feed, sit } = start()
  sit(1, ['cup'])
  t.is(feed.view('cup' as ItemId), null)
})

test('the company of an item is told a day after it is known, then after twice as long each time', t => {
  const { feed, sit } = start()
  const told = (at: number) =>
    feed.advance(at).map(({ value: { companions } }) => companions.map(one => one.product_id))
  for (const person of [1, 2]) sit(person, ['cup'])
  t.deepEqual(told(days(1)), [], 'two people are not company')
  for (const person of [3, 4]) sit(person, ['cup'], { day: days(1) })
  feed.reload()
  t.deepEqual(told(days(2) - 1), [])
  t.deepEqual(told(days(2)), [['cup']])
  for (const person of [5, 6, 7]) sit(person, ['pan'], { day: days(2) })
  feed.reload()
  t.deepEqual(told(days(4) - 1), [])
  t.deepEqual(told(days(4)).length, 1)
  sit(8, ['pan'], { day: days(4) })
  t.deepEqual(told(days(8) - 1), [])
  t.deepEqual(told(days(8)).length, 1)
  t.deepEqual(told(days(60)), [], 'nothing has changed')
})
