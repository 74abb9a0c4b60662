import test from 'ava'
import { days } from '../engine/index.ts'
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

test('a week after its first purchase a basket is told, and when more comes, again; an erasure takes that back', t => {
  const { feed, buy } = start()
  const told = (now: number) => feed.advance(now).map(({ key, value }) => [key, value?.items, value?.ts])
  buy({ product_id: 'tea', ts: 5 })
  buy({ product_id: 'cup', ts: 6 })
  buy({ product_id: 'cup', ts: 6 }, true)
  feed.reload()
  t.deepEqual(told(days(7)), [])
  t.deepEqual(told(days(7) + 5), [[o1, ['tea'], 5]])
  buy({ product_id: 'pot', ts: days(8) })
  t.deepEqual(told(days(14)), [])
  t.deepEqual(told(days(15)), [[o1, ['tea', 'pot'], 5]])
  t.deepEqual(told(days(30)), [])
  const erasure = { erased: 'u1', until: days(30) }
  t.deepEqual(feed(o1, erasure, days(30)), [{ key: o1, value: null, timestamp: days(30) }])
  t.deepEqual(feed(o1, erasure, days(31)), [])
})

test('a basket of long ago is told whole in the end, and one that is taken back then is told away', t => {
  const { feed, buy } = start()
  feed.advance(days(100))
  const items = (now: number) => feed.advance(now).map(({ value }) => value?.items ?? null)
  buy({ product_id: 'tea', ts: 5 })
  t.deepEqual(items(days(100)), [['tea']])
  buy({ product_id: 'cup', ts: 6 })
  t.deepEqual(items(days(100)), [['tea', 'cup']])
  buy({ product_id: 'tea', ts: 5 }, true)
  buy({ product_id: 'cup', ts: 6 }, true)
  t.deepEqual(items(days(101)), [null])
  t.deepEqual(items(days(130)), [])
})

test('what is bought under an id whose basket was erased has a week of its own', t => {
  const { feed, buy } = start()
  buy({ product_id: 'tea', ts: 5 })
  feed(o1, { erased: 'u1', until: 9 }, 9)
  buy({ product_id: 'cup', ts: days(3) })
  feed.reload()
  t.deepEqual(feed.advance(days(9)), [])
  t.deepEqual(
    feed.advance(days(30)).map(({ value }) => value?.items),
    [['cup']]
  )
})

test('where one of several people in a basket is erased, it is told again as it stands', t => {
  const { feed, buy } = start()
  buy({ product_id: 'tea', ts: 5 })
  buy({ product_id: 'cup', ts: 6, person: 'u2', user_id: 'u2' })
  const [first] = feed.advance(days(8))
  t.deepEqual(first.value?.items, ['tea', 'cup'])
  const [again] = feed(o1, { erased: 'u1', until: days(8) }, days(8))
  t.deepEqual(again.value?.items, ['cup'])
  t.not(again.value?.customer, first.value?.customer)
  t.deepEqual(feed(o1, { erased: 'u1', until: days(8) }, days(9)), [])
})

test('a basket of no user is told without a customer, and one that was taken back not at all', t => {
  const { feed, buy } = start()
  const o2 = 'o2' as OrderId
  buy({ person: 's1', user_id: null, ts: 0 })
  buy({ ts: 0 }, false, o2)
  buy({ ts: 0 }, true, o2)
  t.deepEqual(
    feed.advance(days(8)).map(({ key, value }) => [key, value?.customer]),
    [[o1, null]]
  )
})

test('an erasure takes a person’s purchases of before out of a basket, and leaves those of others', t => {
  const { feed, buy } = start()
  buy({ product_id: 'tea', ts: 5 })
  buy({ product_id: 'cup', ts: 20 })
  buy({ product_id: 'pot', ts: 5, person: 'u2', user_id: 'u2' })
  feed(o1, { erased: 'u1', until: 9 }, 9)
  feed.reload()
  t.deepEqual(
    feed.view(o1)?.lines.map(({ product_id }) => product_id),
    ['pot', 'cup']
  )
})
