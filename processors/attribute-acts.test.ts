import test from 'ava'
import { days, minutes } from '../engine/index.ts'
import { driveProcessor } from '../engine/testing/drive-processor.ts'
import type { VisitorId } from '../schemas/ids.ts'
import type { Interaction } from '../schemas/interaction.ts'
import { attributeActs } from './attribute-acts.ts'
import { event } from './testing/builders.ts'

const s1 = 's1' as VisitorId
const start = () => {
  const feed = driveProcessor(attributeActs())
  const said: string[] = []
  const act = (over: Partial<Interaction>) => {
    const one = event({ user_id: null, session_id: s1, ...over })
    const out = feed(s1, one, one.ts).map(({ key, value }) => `${value?.undo ? '-' : '+'}${key} ${value?.product_id}`)
    said.push(...out)
    return out
  }
  /** What stands when everything was said and taken back. */
  const standing = () => {
    const left: string[] = []
    for (const one of said) {
      if (one.startsWith('+')) left.push(one.slice(1))
      else left.splice(left.indexOf(one.slice(1)), 1)
    }
    return left.sort()
  }
  return { feed, act, standing }
}

test('a user acts for themselves', t => {
  const { act } = start()
  t.deepEqual(act({ user_id: 'ann', session_id: null }), ['+ann tea'])
})

test('an anonymous act counts for its session', t => {
  const { act, feed } = start()
  t.deepEqual(act({}), ['+s1 tea'])
  t.is(feed.view(s1), null)
})

test('when the visitor signs in, what they did before counts for them, once', t => {
  const { act, feed } = start()
  act({ ts: 0, product_id: 'tea' })
  feed.reload()
  t.deepEqual(act({ ts: 10, user_id: 'ann', product_id: 'cup' }), ['+ann cup', '-s1 tea', '+ann tea'])
  t.deepEqual(act({ ts: 20, user_id: 'ann', product_id: 'pot' }), ['+ann pot'])
  t.deepEqual(feed.view(s1), { user_id: 'ann', since: 10 })
})

test('30 days before are linked, more are not', t => {
  const { act } = start()
  act({ ts: 0, product_id: 'old' })
  act({ ts: 1, product_id: 'new' })
  t.deepEqual(act({ ts: days(30) + 1, user_id: 'ann', product_id: 'cup' }), ['+ann cup', '-s1 new', '+ann new'])
})

test('an anonymous act within 30 minutes after belongs to the user, later ones do not', t => {
  const { act } = start()
  act({ ts: 0, user_id: 'ann' })
  t.deepEqual(act({ ts: minutes(30), product_id: 'cup' }), ['+ann cup'])
  t.deepEqual(act({ ts: minutes(31), product_id: 'pot' }), ['+s1 pot'])
})

test('of two users in a session, each has what came before their own sign-in', t => {
  const { act, standing } = start()
  act({ ts: 0, product_id: 'tea' })
  act({ ts: 1, user_id: 'ann', product_id: 'cup' })
  act({ ts: minutes(60), product_id: 'pot' })
  act({ ts: minutes(61), user_id: 'bob', product_id: 'mug' })
  t.deepEqual(standing(), ['ann cup', 'ann tea', 'bob mug', 'bob pot'])
})

test('the end does not depend on the order in which events arrive', t => {
  const story: Partial<Interaction>[] = [
    { ts: 0, product_id: 'a' },
    { ts: minutes(5), user_id: 'ann', product_id: 'b' },
    { ts: minutes(20), product_id: 'c' },
    { ts: minutes(60), product_id: 'd' },
    { ts: minutes(70), user_id: 'bob', product_id: 'e' },
    { ts: minutes(80), product_id: 'f' }
  ]
  const end = (order: Partial<Interaction>[]) => {
    const { act, standing, feed } = start()
    for (const one of order) act(one)
    return { standing: standing(), identity: feed.view(s1) }
  }
  const expected = end(story)
  t.deepEqual(expected.standing, ['ann a', 'ann b', 'ann c', 'bob d', 'bob e', 'bob f'])
  t.deepEqual(end([...story].reverse()), expected)
  t.deepEqual(end([story[4], story[0], story[5], story[1], story[3], story[2]]), expected)
})

test('a merge says who a device belongs to, the newest one in the end', t => {
  const { feed } = start()
  feed('device' as VisitorId, { user_id: 'ann', ts: 5 }, 5)
  feed('device' as VisitorId, { user_id: 'bob', ts: 1 }, 1)
  t.deepEqual(feed.view('device' as VisitorId), { user_id: 'ann', since: 5 })
  t.is(feed.view(s1), null)
})

test('removals and impressions are no acts, dismissals are', t => {
  const { act } = start()
  t.deepEqual(act({ event_type: 'remove_from_cart' }), [])
  t.deepEqual(act({ event_type: 'impression', product_id: null }), [])
  t.deepEqual(act({ event_type: 'dismiss' }), ['+s1 tea'])
})

test('of one session, the newest 1,000 anonymous acts can still be linked', t => {
  const { act } = start()
  for (let i = 0; i < 1_001; i++) act({ ts: i, product_id: `p${i}` })
  const linked = act({ ts: 2_000, user_id: 'ann' })
  t.is(linked.length, 1 + 2 * 1_000)
  t.false(linked.includes('+ann p0'))
})

test('an erasure takes out what is the user’s or nobody’s, and ends the acts of both with a tombstone', t => {
  const { feed, act } = start()
  act({ ts: 0 })
  act({ user_id: 'ann', ts: minutes(10) })
  act({ user_id: 'bob', ts: minutes(100) })
  act({ ts: minutes(101) })
  const until = minutes(200)
  const out = feed(s1, { erasure_id: 'era_1', user_id: 'ann', requested_at: until, until }, until)
  t.deepEqual(
    out.map(({ key, value, timestamp }) => [key, value, timestamp]),
    [
      ['s1', null, until],
      ['ann', null, until]
    ]
  )
  t.deepEqual(feed.view(s1), { user_id: 'bob', since: minutes(100) })
  t.deepEqual(act({ user_id: 'cid', ts: minutes(90) }), ['+cid tea'], 'nothing of hers is told again')
})

test('of a session that was the erased user’s alone nothing stays', t => {
  const { feed, act } = start()
  act({ ts: 0 })
  act({ user_id: 'ann', ts: 1 })
  feed(s1, { user_id: 'ann', ts: 2 }, 2)
  feed(s1, { erasure_id: 'era_1', user_id: 'ann', requested_at: 3, until: 3 }, 3)
  t.is(feed.view(s1), null)
})

test('what a merged device did under its own id is its user’s', t => {
  const { feed, act } = start()
  act({ ts: 0 })
  act({ user_id: s1, ts: 1 })
  feed(s1, { erasure_id: 'era_1', user_id: 'ann', requested_at: 3, until: 3 }, 3)
  t.is(feed.view(s1), null)
})

test('a merge of before an erasure says nothing when it comes again, one of afterwards does', t => {
  const { feed } = start()
  const merge = { user_id: 'ann', ts: 2 }
  feed(s1, merge, 2)
  feed(s1, { erasure_id: 'era_1', user_id: 'ann', requested_at: 2, until: 2 }, 2)
  feed.reload()
  feed(s1, merge, 3)
  t.is(feed.view(s1), null)
  feed(s1, { user_id: 'bob', ts: 3 }, 4)
  t.deepEqual(feed.view(s1), { user_id: 'bob', since: 3 })
})
