import test from 'ava'
import { driveProcessor } from '../engine/testing/drive-processor.ts'
import type { Act } from '../schemas/act.ts'
import type { OrderId } from '../schemas/ids.ts'
import { foldPurchases } from './fold-purchases.ts'
import { anAct } from './testing/builders.ts'

const o1 = 'o1' as OrderId
const start = () => {
  const feed = driveProcessor(foldPurchases())
  const buy = (over: Partial<Act>, undo = false, key = o1) => feed(key, { act: anAct(over), undo }, over.ts ?? 0)
  return { feed, buy }
}

test('purchases become lines, in order of time', t => {
  const { feed, buy } = start()
  buy({ product_id: 'tea', qty: 2, price: 4, ts: 5 })
  buy({ product_id: 'tea', qty: 1, price: 4, ts: 6 })
  buy({ product_id: 'cup', ts: 7, recommendation_id: 'r1' })
  feed.reload()
  t.deepEqual(feed.view(o1), {
    person: 'u1',
    is_user: true,
    ts: 5,
    counts: true,
    lines: [
      { product_id: 'tea', ts: 5, qty: 2, price: 4, organic: true },
      { product_id: 'tea', ts: 6, qty: 1, price: 4, organic: true },
      { product_id: 'cup', ts: 7, qty: 1, price: 0, organic: false }
    ]
  })
})

test('a purchase that turns out to be the user’s leaves nothing of the session', t => {
  const { feed, buy } = start()
  buy({ person: 's1', user_id: null })
  buy({ person: 'ann', user_id: 'ann' })
  buy({ person: 's1', user_id: null }, true)
  const { person, counts, lines } = feed.view(o1) ?? {}
  t.deepEqual([person, counts, lines?.map(line => line.qty)], ['ann', true, [1]])
})

test('of what was taken back wholly nothing stays', t => {
  const { feed, buy } = start()
  buy({})
  buy({}, true)
  t.is(feed.view(o1), null)
})

test('the order of purchases does not matter, and baskets do not mix', t => {
  const one = start()
  one.buy({ product_id: 'tea', ts: 9 })
  one.buy({ product_id: 'cup', ts: 3 })
  const other = start()
  other.buy({ product_id: 'cup', ts: 3 })
  other.buy({ product_id: 'pot' }, false, 'o2' as OrderId)
  other.buy({ product_id: 'tea', ts: 9 })
  t.deepEqual(one.feed.view(o1), other.feed.view(o1))
  t.is(one.feed.view('o2' as OrderId), null)
})
