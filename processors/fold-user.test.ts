import test from 'ava'
import { days } from '../engine/index.ts'
import { driveProcessor, type Emitted } from '../engine/testing/drive-processor.ts'
import type { PersonId } from '../schemas/ids.ts'
import { changedPurchases } from './changed-purchases.ts'
import { foldUser } from './fold-user.ts'
import type { Taste } from './join-taste.ts'
import { anAct, basket, user } from './testing/builders.ts'
import type { Handover, UserChange } from './user-change.ts'

const ann = 'ann' as PersonId
const bob = 'bob' as PersonId
const start = () => {
  const feed = driveProcessor(foldUser())
  const change = (one: UserChange, ts = 0, key = ann) => feed(key, one, ts) as Emitted<PersonId, Handover>[]
  const look = (product_id: string, ts: number, key = ann) =>
    change({ kind: 'act', act: anAct({ product_id, ts }) }, ts, key)
  const like = (category: string, ts: number, over: Partial<Taste> = {}, key = ann) =>
    change({ kind: 'taste', taste: { category, brand: null, band: null, worth: 1, ts, ...over } }, ts, key)
  const buy = (before: Parameters<typeof basket> | null, after: Parameters<typeof basket>, key = ann) => {
    const changes = changedPurchases({ before: before && basket(...before), after: basket(...after) })
    for (const purchases of changes.values()) change({ kind: 'purchases', purchases }, purchases.ts, key)
  }
  return { feed, change, look, like, buy }
}

test('what a user saw is listed newest first, each item once', t => {
  const { feed, look } = start()
  look('tea', 1)
  look('cup', 2)
  look('tea', 3)
  feed.reload()
  const { seen, recency, frequency, known_from } = feed.view(ann) ?? {}
  t.is(known_from, null)
  t.deepEqual(seen, [
    { product_id: 'tea', ts: 3 },
    { product_id: 'cup', ts: 2 }
  ])
  t.deepEqual([recency, frequency], [3, 3])
})

test('a late act does not make an item newer', t => {
  const { feed, look } = start()
  look('tea', days(30))
  look('tea', 0)
  const { seen, recency, frequency } = feed.view(ann) ?? {}
  t.deepEqual([seen, recency, frequency], [[{ product_id: 'tea', ts: days(30) }], days(30), 1.5])
})

test('tastes halve in 30 days', t => {
  const { feed, like } = start()
  like('drinks', 0, { worth: 2, brand: 'Leaf', band: 3 })
  like('food', days(30))
  const { categories, brands, price_bands } = feed.view(ann) ?? {}
  t.deepEqual(categories, [
    { name: 'drinks', score: 1 },
    { name: 'food', score: 1 }
  ])
  t.deepEqual([brands, price_bands], [[{ name: 'Leaf', score: 1 }], [{ name: '3', score: 1 }]])
})

test('orders, money and what was bought; a return corrects them', t => {
  const { feed, buy } = start()
  buy(null, [{ tea: [2, 4], cup: [1, 3] }])
  buy([{ tea: [2, 4], cup: [1, 3] }], [{ tea: [1, 4], cup: 0 }])
  const { orders, monetary, bought } = feed.view(ann) ?? {}
  t.deepEqual([orders, monetary, bought], [1, 4, [{ product_id: 'tea', ts: 0, count: 1 }]])
})

test('a cancelled order leaves nothing', t => {
  const { feed, buy } = start()
  buy(null, [{ tea: [2, 4] }])
  buy([{ tea: [2, 4] }], [{ tea: [2, 4] }, { counts: false }])
  const { orders, monetary, bought, frequency } = feed.view(ann) ?? {}
  t.deepEqual([orders, monetary, bought, frequency], [0, 0, [], 0])
})

test('what was hidden is listed apart', t => {
  const { feed, change } = start()
  change({ kind: 'act', act: anAct({ event_type: 'dismiss', ts: 4 }) }, 4)
  const { seen, dismissed } = feed.view(ann) ?? {}
  t.deepEqual([seen, dismissed], [[], [{ product_id: 'tea', ts: 4 }]])
})

test('who withdraws consent is forgotten, and stays so until they give it again', t => {
  const { feed, change, look, like, buy } = start()
  look('tea', 1)
  like('drinks', 1)
  buy(null, [{ tea: 1 }, { ts: 1 }])
  change({ kind: 'row', row: user({ consent_personalization: false, country: 'DE', updated_at: 10 }) })
  look('cup', 20)
  const { seen, categories, orders, consent, country, known_from } = feed.view(ann) ?? {}
  t.deepEqual([seen, categories, orders, consent, country, known_from], [[], [], 0, false, 'DE', 10])
  change({ kind: 'row', row: user({ consent_personalization: true, updated_at: 30 }) })
  look('pot', 25)
  look('mug', 31)
  t.deepEqual(feed.view(ann)?.seen, [{ product_id: 'mug', ts: 31 }])
  t.is(feed.view(ann)?.known_from, 30)
})

test('a deleted row leaves consent and country unknown', t => {
  const { feed, change } = start()
  change({ kind: 'row', row: user({ consent_personalization: true, country: 'DE' }) })
  change({ kind: 'row', row: null })
  const { consent, country } = feed.view(ann) ?? {}
  t.deepEqual([consent, country], [null, null])
})

test('a merged device hands its history to the user, and everything that still comes', t => {
  const { feed, change, look, like, buy } = start()
  look('tea', 1)
  like('drinks', 1)
  buy(null, [{ tea: [1, 5] }])
  const [handed] = change({ kind: 'merge', merge: { user_id: 'bob', ts: 2 } }, 2)
  t.is(handed.key, bob)
  change({ kind: 'handover', handover: handed.value }, 2, bob)
  feed.reload()
  const [later] = look('cup', 3)
  change({ kind: 'handover', handover: later.value }, 3, bob)
  t.is(feed.view(ann), null)
  const { seen, categories, monetary, orders } = feed.view(bob) ?? {}
  t.deepEqual(
    seen?.map(one => one.product_id),
    ['cup', 'tea']
  )
  t.deepEqual([categories, monetary, orders], [[{ name: 'drinks', score: 1 }], 5, 1])
})

test('a ring of merges comes to an end', t => {
  const { change, look } = start()
  change({ kind: 'merge', merge: { user_id: 'bob', ts: 0 } })
  change({ kind: 'merge', merge: { user_id: 'ann', ts: 0 } }, 0, bob)
  let handed = look('tea', 1)
  let rounds = 0
  while (handed.length > 0 && rounds < 100) {
    rounds++
    handed = change({ kind: 'handover', handover: handed[0].value }, 1, handed[0].key)
  }
  t.true(rounds < 20)
})

test('long lists lose their oldest entries', t => {
  const { feed, look } = start()
  for (let i = 0; i < 500; i++) look(`p${i}`, i)
  const seen = feed.view(ann)?.seen ?? []
  t.is(seen.length, 100)
  t.is(seen[0].product_id, 'p499')
})

test('an act that is taken back is not seen any more, and users do not mix', t => {
  const { feed, change, look } = start()
  look('tea', 1)
  look('tea', 1, bob)
  change({ kind: 'act', act: anAct({ ts: 1, undo: true }) }, 1)
  t.deepEqual(feed.view(ann)?.seen, [])
  t.is(feed.view(bob)?.seen.length, 1)
})

test('ids that are names of JavaScript’s own do no harm', t => {
  const { feed, look, like } = start()
  for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
    look(name, 1)
    like(name, 1)
  }
  feed.reload()
  const { seen, categories } = feed.view(ann) ?? {}
  t.true(seen?.every(({ ts }) => ts === 1))
  t.true(categories?.every(({ score }) => score === 1))
})

test('of who is erased nothing stays but a refusal, and only what happens afterwards counts', t => {
  const { feed, change, look, like, buy } = start()
  change({ kind: 'row', row: user({ consent_personalization: true, country: 'DE' }) })
  look('tea', 1)
  like('drinks', 1)
  buy(null, [{ tea: 1 }, { ts: 1 }])
  change({ kind: 'erasure', until: 10 }, 10)
  t.is(feed.view(ann), null)
  look('cup', 10)
  t.is(feed.view(ann), null)
  look('pot', 11)
  t.is(feed.view(ann)?.known_from, 10)
  change({ kind: 'erasure', until: 10 }, 12)
  t.is(feed.view(ann)?.seen.length, 1, 'the same erasure on another way takes nothing more')
  change({ kind: 'row', row: user({ consent_personalization: false, updated_at: 20 }) }, 20)
  change({ kind: 'erasure', until: 30 }, 30)
  t.is(feed.view(ann)?.consent, false)
})

test('history that was on its way to an erased user is forgotten', t => {
  const { feed, change, look } = start()
  look('tea', 1, bob)
  const [{ value: handover }] = change({ kind: 'merge', merge: { user_id: 'ann', ts: 2 } }, 2, bob)
  change({ kind: 'erasure', until: 10 }, 10)
  change({ kind: 'handover', handover }, 11)
  t.is(feed.view(ann), null)
})

test('the items of who is erased are told of it', t => {
  const { feed, look, buy } = start()
  look('tea', 1)
  look('cup', 2)
  buy(null, [{ tea: 1, pot: 1 }, { ts: 3 }])
  const told = feed(ann, { kind: 'erasure', until: 10 }, 10)
  t.deepEqual(told.map(({ key }) => key as string).sort(), ['cup', 'pot', 'tea'])
  t.deepEqual(told[0].value, { forgets: 'ann', until: 10 })
})

test('what was still on its way when its person was erased is told to its items as well', t => {
  const { feed } = start()
  feed(ann, { kind: 'erasure', until: 10 }, 10)
  const back = changedPurchases({
    before: basket({ tea: 1 }, { person: 'ann', ts: 5 }),
    after: basket({}, { person: 'ann', ts: 5 })
  })
  const told = feed(ann, { kind: 'purchases', purchases: back.get('ann') as never }, 11)
  t.deepEqual(
    told.map(({ key, value }) => [key as string, value]),
    [['tea', { forgets: 'ann', until: 10 }]]
  )
  t.is(feed(ann, { kind: 'act', act: anAct({ product_id: 'cup', ts: 9 }) }, 12)[0].key as string, 'cup')
  t.deepEqual(feed(ann, { kind: 'act', act: anAct({ product_id: 'pot', ts: 11 }) }, 13), [])
})

test('a refusal from before an erasure does not let in what the erasure keeps out', t => {
  const { feed, change, look } = start()
  change({ kind: 'erasure', until: 30 }, 30)
  change({ kind: 'row', row: user({ consent_personalization: false, updated_at: 10 }) }, 31)
  change({ kind: 'row', row: user({ consent_personalization: true, updated_at: 20 }) }, 32)
  look('tea', 29)
  look('cup', 31)
  t.deepEqual(feed.view(ann)?.seen, [{ product_id: 'cup', ts: 31 }])
})

/** Of `device`, an order at 1, and the merge into ann. */
function mergedDevice() {
  const story = start()
  const device = 'device' as PersonId
  const handOver = (emitted: Emitted<PersonId, Handover>[], ts: number) => {
    for (const { key, value: handover } of emitted) story.change({ kind: 'handover', handover }, ts, key)
  }
  story.buy(null, [{ tea: 1 }, { person: 'device', ts: 1 }], device)
  const merge = (ts: number) => handOver(story.change({ kind: 'merge', merge: { user_id: 'ann', ts } }, ts, device), ts)
  return { ...story, device, handOver, merge, others: () => story.feed.view(ann)?.others }
}

test('a merged device leaves its id with the user, also when it has more to hand over later', t => {
  const { feed, look, handOver, merge, device, others } = mergedDevice()
  merge(2)
  feed.reload()
  t.deepEqual(others(), [{ id: 'device', known_from: null }])
  handOver(look('cup', 3, device), 3)
  t.deepEqual(others(), [{ id: 'device', known_from: null }])
  t.is(feed.view(ann)?.orders, 1)
})

test('what a device had asked to be forgotten stays so where it is merged into', t => {
  const { change, look, handOver, merge, device, others } = mergedDevice()
  change({ kind: 'row', row: user({ consent_personalization: false, updated_at: 10 }) }, 10, device)
  change({ kind: 'row', row: user({ consent_personalization: true, updated_at: 20 }) }, 20, device)
  merge(30)
  t.is(others(), undefined)
  t.false(
    look('cup', 15, device).some(({ key }) => key === ann),
    'nothing of before, also after the merge'
  )
  handOver(look('cup', 31, device), 31)
  t.deepEqual(others(), [{ id: 'device', known_from: 20 }])
})

test('who withdraws consent, or is erased, is not known under other ids any more, and later only from then on', t => {
  for (const forget of ['withdraws', 'erased']) {
    const { change, look, handOver, merge, device, others } = mergedDevice()
    merge(2)
    if (forget === 'erased') change({ kind: 'erasure', until: 20 }, 20)
    else {
      change({ kind: 'row', row: user({ consent_personalization: false, updated_at: 10 }) }, 10)
      t.deepEqual(others(), [])
      change({ kind: 'row', row: user({ consent_personalization: true, updated_at: 20 }) }, 20)
    }
    t.deepEqual(others() ?? [], [], forget)
    handOver(look('cup', 21, device), 21)
    t.deepEqual(others(), [{ id: 'device', known_from: 20 }], forget)
  }
})

test('ids are handed on with what is merged again', t => {
  const { feed, change, handOver, merge } = mergedDevice()
  merge(2)
  handOver(change({ kind: 'merge', merge: { user_id: 'bob', ts: 3 } }, 3), 3)
  t.deepEqual(feed.view(bob)?.others, [
    { id: 'ann', known_from: null },
    { id: 'device', known_from: null }
  ])
})

test('nobody is another id of their own', t => {
  const { change, look, handOver, others } = mergedDevice()
  look('tea', 1)
  handOver(change({ kind: 'merge', merge: { user_id: 'bob', ts: 2 } }, 2), 2)
  look('cup', 30, bob)
  const back = change({ kind: 'merge', merge: { user_id: 'ann', ts: 31 } }, 31, bob)
  change({ kind: 'erasure', until: 20 }, 32)
  handOver(back, 33)
  t.deepEqual(others(), [{ id: 'bob', known_from: 20 }])
})

test('of ids that were merged into one the eight that came last are known', t => {
  const { feed, look, change } = start()
  for (let i = 1; i <= 10; i++) {
    look('tea', i, `d${i}` as PersonId)
    const merge = { user_id: 'ann', ts: i }
    const [{ value: handover }] = change({ kind: 'merge', merge }, i, `d${i}` as PersonId)
    change({ kind: 'handover', handover }, i)
  }
  t.deepEqual(
    feed.view(ann)?.others.map(({ id }) => id),
    ['d10', 'd3', 'd4', 'd5', 'd6', 'd7', 'd8', 'd9']
  )
})

test('the items of who is erased are told of the devices that were merged into them, too', t => {
  const { feed, change, look } = start()
  look('tea', 1, bob)
  const [{ value: handover }] = change({ kind: 'merge', merge: { user_id: 'ann', ts: 2 } }, 2, bob)
  change({ kind: 'handover', handover }, 3)
  feed.reload()
  t.deepEqual(
    feed(ann, { kind: 'erasure', until: 10 }, 10).map(({ key, value }) => [key as string, value]),
    ['ann', 'bob'].map(forgets => ['tea', { forgets, until: 10 }])
  )
})
