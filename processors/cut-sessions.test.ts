import test from 'ava'
import { days, minutes } from '../engine/index.ts'
import { driveProcessor } from '../engine/testing/drive-processor.ts'
import type { VisitorId } from '../schemas/ids.ts'
import type { Interaction } from '../schemas/interaction.ts'
import { cutSessions } from './cut-sessions.ts'
import { event } from './testing/builders.ts'

const s1 = 's1' as VisitorId
const start = () => {
  const feed = driveProcessor(cutSessions())
  const act = (over: Partial<Interaction>, key = s1) => {
    const one = event({ user_id: null, session_id: key, ...over })
    return feed(key, one, one.ts).map(({ value }) => value)
  }
  return { feed, act }
}

test('acts of one visit are its steps, in order', t => {
  const { act } = start()
  const steps = [...act({ product_id: 'tea', ts: 0 }), ...act({ product_id: 'cup', ts: minutes(29) })]
  t.deepEqual(
    steps.map(({ session, product_id, position }) => [session, product_id, position]),
    [
      ['s1#0', 'tea', 0],
      ['s1#0', 'cup', 1]
    ]
  )
})

test('after 30 minutes of inactivity a new visit begins', t => {
  const { act } = start()
  act({ ts: 0 })
  t.is(act({ ts: minutes(30) })[0].session, 's1#0')
  t.is(act({ ts: minutes(60) + 1 })[0].session, `s1#${(minutes(60) + 1).toString(36)}`)
})

test('a late event joins the visit that it belongs to by time', t => {
  const { feed, act } = start()
  act({ ts: minutes(10), product_id: 'tea' })
  act({ ts: minutes(500), product_id: 'cup' })
  feed.reload()
  const [late] = act({ ts: minutes(20), product_id: 'pot' })
  t.deepEqual([late.session, late.position], [`s1#${minutes(10).toString(36)}`, 1])
  t.is(feed.view(s1)?.session, `s1#${minutes(500).toString(36)}`)
})

test('another user in the same session starts a new visit', t => {
  const { act } = start()
  const [anonymous] = act({ ts: 0 })
  const [ann] = act({ ts: 1, user_id: 'ann', product_id: 'cup' })
  const [bob] = act({ ts: 2, user_id: 'bob', product_id: 'pot' })
  const [again] = act({ ts: 3, user_id: 'ann', product_id: 'mug' })
  t.is(anonymous.session, ann.session)
  t.not(bob.session, ann.session)
  t.is(again.session, ann.session)
  t.is(again.user_id, 'ann')
})

test('two users at the same moment have two visits', t => {
  const { act } = start()
  t.not(act({ user_id: 'ann' })[0].session, act({ user_id: 'bob' })[0].session)
})

test('view, click and cart of one item in a row are one act, of the strongest type', t => {
  const { feed, act } = start()
  const steps = [
    ...act({ ts: 0 }),
    ...act({ ts: 1, event_type: 'add_to_cart' }),
    ...act({ ts: 2, event_type: 'click' }),
    ...act({ ts: 3, event_type: 'purchase' })
  ]
  t.deepEqual(
    steps.map(({ position, event_type }) => [position, event_type]),
    [
      [0, 'view'],
      [0, 'add_to_cart'],
      [0, 'purchase']
    ]
  )
  t.deepEqual(feed.view(s1)?.items, [{ product_id: 'tea', event_type: 'purchase', ts: 0 }])
})

for (const [what, over] of Object.entries({
  'a stronger type of the same act': { event_type: 'add_to_cart' },
  'a weaker type of the same act': { event_type: 'click' },
  'a dismissal': { event_type: 'dismiss', product_id: 'cup' },
  'a removal': { event_type: 'remove_from_cart', product_id: 'cup' },
  'an event without a product': { product_id: null }
} satisfies Record<string, Partial<Interaction>>)) {
  test(`who signs in by ${what} is named by a step of the visit, once`, t => {
    const { feed, act } = start()
    act({ ts: 0, product_id: 'pot' })
    const event_type = what.startsWith('a weaker') ? 'purchase' : 'view'
    act({ ts: 1, event_type })
    feed.reload()
    const steps = [...act({ ts: 2, user_id: 'bob', ...over }), ...act({ ts: 3, user_id: 'bob', ...over })]
    t.deepEqual(
      steps
        .slice(0, 1)
        .map(({ session, position, product_id, user_id, ts }) => [session, position, product_id, user_id, ts]),
      [['s1#0', 1, 'tea', 'bob', 1]]
    )
    t.true(steps.slice(1).every(({ position }) => position > 1))
  })
}

test('a repeat of the same type is another act', t => {
  const { act } = start()
  act({ ts: 0 })
  t.is(act({ ts: 1 })[0].position, 1)
})

test('impressions, dismissals and removals are no steps, but are heard of', t => {
  const { feed, act } = start()
  act({ ts: 0, event_type: 'add_to_cart', product_id: 'tea' })
  act({ ts: 1, event_type: 'add_to_cart', product_id: 'cup' })
  t.deepEqual(act({ ts: 2, event_type: 'remove_from_cart', product_id: 'tea' }), [])
  t.deepEqual(act({ ts: 3, event_type: 'dismiss', product_id: 'pot' }), [])
  t.deepEqual(act({ ts: 4, event_type: 'impression', product_id: null }), [])
  const { cart, dismissed, last } = feed.view(s1) ?? {}
  t.deepEqual([cart, dismissed, last], [['cup'], ['pot'], 4])
})

test('what was bought is in the cart no more, and the cart outlives the visit', t => {
  const { feed, act } = start()
  act({ ts: 0, event_type: 'add_to_cart', product_id: 'tea' })
  act({ ts: 1, event_type: 'add_to_cart', product_id: 'cup' })
  act({ ts: 2, event_type: 'purchase', product_id: 'tea' })
  act({ ts: minutes(90), product_id: 'pot' })
  t.deepEqual(feed.view(s1)?.cart, ['cup'])
  act({ ts: minutes(91), product_id: 'pot', user_id: 'ann' })
  act({ ts: minutes(92), product_id: 'pot', user_id: 'bob' })
  t.deepEqual(feed.view(s1)?.cart, [])
})

test('the view keeps the newest 50 acts in order of time', t => {
  const { feed, act } = start()
  for (let i = 0; i < 60; i++) act({ ts: i * 10, product_id: `p${i}` })
  act({ ts: 595 - 1, product_id: 'late' })
  const items = feed.view(s1)?.items ?? []
  t.is(items.length, 50)
  t.deepEqual(
    items.slice(-2).map(item => item.product_id),
    ['p59', 'late']
  )
})

test('sessions do not mix, and an unknown one has no view', t => {
  const { feed, act } = start()
  act({ ts: 0 })
  act({ ts: 0, product_id: 'cup' }, 's2' as VisitorId)
  t.deepEqual(
    feed.view('s2' as VisitorId)?.items.map(item => item.product_id),
    ['cup']
  )
  t.is(feed.view('s3' as VisitorId), null)
})

test('a session that was quiet for 30 days is forgotten, and events older than 2 years are late', t => {
  const { feed, act } = start()
  act({ ts: 0, event_type: 'add_to_cart' })
  t.is(act({ ts: days(31) })[0].position, 0)
  t.deepEqual(feed.view(s1)?.cart, [])
  act({ ts: days(800) }, 's2' as VisitorId)
  t.is(feed.view(s1), null)
  t.deepEqual(act({ ts: days(69) }), [])
  t.is(feed.late, 1)
})

test('an erasure ends the visits that are the user’s or nobody’s, and goes on to the steps', t => {
  const { feed, act } = start()
  act({ ts: 0 })
  act({ ts: minutes(100), user_id: 'ann' })
  act({ ts: minutes(200), user_id: 'bob' })
  const until = minutes(300)
  const [{ key, value, timestamp }] = feed(s1, { erasure_id: 'era_1', user_id: 'ann', requested_at: 0, until }, until)
  t.is(key as string, 's1')
  t.is(timestamp, until)
  t.like(value, { event_type: 'erase', session_id: 's1', user_id: 'ann', ts: until, order_id: 'era_1' })
  t.is(feed.view(s1)?.user_id, 'bob')
  feed(s1, { erasure_id: 'era_2', user_id: 'bob', requested_at: 0, until }, until)
  t.is(feed.view(s1), null)
})

test('the visits that a merged device had under its own id are those of who is erased', t => {
  const { feed, act } = start()
  const device = 'device_9' as VisitorId
  act({ ts: 0, session_id: null, user_id: 'device_9' }, device)
  feed(device, { erasure_id: 'era_1', user_id: 'ann', requested_at: 0, until: 9 }, 9)
  t.is(feed.view(device), null)
})

test('a visit that began after an erasure stays', t => {
  const { feed, act } = start()
  act({ ts: 10, user_id: 'ann' })
  feed(s1, { erasure_id: 'era_1', user_id: 'ann', requested_at: 0, until: 9 }, 9)
  t.is(feed.view(s1)?.user_id, 'ann')
})

test('no later visit is named as one that was erased', t => {
  const { feed, act } = start()
  const names = (ts: number) => act({ ts, user_id: 'bob' }).map(({ session }) => session)
  act({ ts: 10, user_id: 'ann' })
  const [ahead] = act({ ts: minutes(60), user_id: 'ann' })
  act({ ts: minutes(31), user_id: 'ann' })
  feed(s1, { erasure_id: 'era_1', user_id: 'ann', requested_at: 0, until: minutes(40) }, minutes(40))
  feed.reload()
  const later = [...names(10), ...names(minutes(60)), ...names(minutes(95))]
  t.is(new Set([...later, 's1#a', ahead.session]).size, 5)
})
