import test from 'ava'
import { driveProcessor } from '../engine/testing/drive-processor.ts'
import type { ItemId } from '../schemas/ids.ts'
import type { BasketPairs } from './pair-basket.ts'
import { rankBoughtTogether } from './rank-bought-together.ts'

const tea = 'tea' as ItemId
const start = () => {
  const feed = driveProcessor(rankBoughtTogether())
  const buy = (person: number, more: string[], over: Partial<BasketPairs> = {}) =>
    feed(tea, { person, baskets: 1, more, less: [], ...over }, 0)
  return { feed, buy }
}

test('companions are counted, the item itself is none', t => {
  const { feed, buy } = start()
  for (const person of [1, 2, 3]) buy(person, ['tea', 'cup'])
  buy(4, ['tea'])
  feed.reload()
  t.deepEqual(feed.view(tea), {
    baskets: 4,
    companions: [{ product_id: 'cup', together: 3, confidence: 0.75, people: 3 }]
  })
})

test('a basket that is taken back is counted no more', t => {
  const { feed, buy } = start()
  for (const person of [1, 2, 3, 4]) buy(person, ['tea', 'cup'])
  feed.reload()
  buy(4, [], { baskets: -1, less: ['tea', 'cup'] })
  t.deepEqual(feed.view(tea)?.companions, [{ product_id: 'cup', together: 3, confidence: 1, people: 3 }])
})

test('the habit of two customers is not shown, and hidden again when the third takes theirs back', t => {
  const { feed, buy } = start()
  for (let i = 0; i < 9; i++) buy(1 + (i % 2), ['tea', 'cup'])
  feed.reload()
  t.deepEqual(feed.view(tea)?.companions, [])
  buy(3, ['tea', 'cup'])
  t.is(feed.view(tea)?.companions[0].together, 10)
  feed.reload()
  buy(3, [], { baskets: -1, less: ['tea', 'cup'] })
  t.deepEqual(feed.view(tea)?.companions, [])
})

test('an item that is in no basket any more has no row', t => {
  const { feed, buy } = start()
  buy(1, ['tea', 'cup'])
  buy(1, [], { baskets: -1, less: ['tea', 'cup'] })
  t.is(feed.view(tea), null)
  t.is(feed.view('cup' as ItemId), null)
})
