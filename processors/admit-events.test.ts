import test from 'ava'
import { hours, minutes } from '../engine/index.ts'
import { driveProcessor } from '../engine/testing/drive-processor.ts'
import type { VisitorId } from '../schemas/ids.ts'
import type { Context } from '../schemas/interaction.ts'
import { admitEvents } from './admit-events.ts'
import { event } from './testing/builders.ts'

const u1 = 'u1' as VisitorId
const u2 = 'u2' as VisitorId

test('an event goes through once', t => {
  const feed = driveProcessor(admitEvents())
  const seen = event({ event_id: 'same' })
  t.deepEqual(
    feed(u1, seen, 0).map(({ value }) => value),
    [seen]
  )
  feed.reload()
  t.deepEqual(feed(u1, seen, 0), [])
  t.is(feed.counted.duplicates, 1)
})

test('the same id a day later is another event', t => {
  const feed = driveProcessor(admitEvents())
  feed(u1, event({ event_id: 'same' }), 0)
  t.is(feed(u1, event({ event_id: 'same' }), hours(24)).length, 0)
  t.is(feed(u1, event({ event_id: 'same' }), hours(24) + 1).length, 1)
})

test('a late event is admitted, a late duplicate is not', t => {
  const feed = driveProcessor(admitEvents())
  feed(u1, event({ event_id: 'new' }), hours(500))
  t.is(feed(u1, event({ event_id: 'old' }), 0).length, 1)
  t.is(feed(u1, event({ event_id: 'old' }), 0).length, 0)
})

test('the newest 1,024 ids are remembered', t => {
  const feed = driveProcessor(admitEvents())
  for (let i = 0; i <= 1024; i++) feed(u1, event({ event_id: `id${i}`, event_type: 'purchase' }), i)
  feed.reload()
  t.is(feed(u1, event({ event_id: 'id1', event_type: 'purchase' }), 2000).length, 0)
  t.is(feed(u1, event({ event_id: 'id0', event_type: 'purchase' }), 2000).length, 1)
})

test('visitors do not share ids', t => {
  const feed = driveProcessor(admitEvents())
  feed(u1, event({ event_id: 'same' }), 0)
  t.is(feed(u2, event({ event_id: 'same', user_id: 'u2' }), 0).length, 1)
})

for (const context of [{ internal: true }, { bot: true }, { bot: 'true' }] as Context[]) {
  test(`traffic marked ${JSON.stringify(context)} counts for nobody else`, t => {
    const feed = driveProcessor(admitEvents())
    t.deepEqual(feed(u1, event({ context }), 0), [])
    t.is(feed.counted.filtered, 1)
  })
}

test('more than 120 items in 10 minutes are filtered, until it is slower again', t => {
  const feed = driveProcessor(admitEvents())
  const look = (i: number, ts: number) => feed(u1, event({ product_id: `p${i}`, ts }), ts).length
  for (let i = 0; i < 120; i++) t.is(look(i, i), 1)
  t.is(look(120, 200), 0)
  t.is(look(119, 300), 0)
  feed.reload()
  t.is(look(121, minutes(11)), 1)
})

test('a large order is no browsing', t => {
  const feed = driveProcessor(admitEvents())
  const buy = (i: number) => feed(u1, event({ event_type: 'purchase', product_id: `p${i}` }), 0).length
  t.true(Array.from({ length: 200 }, (_, i) => buy(i)).every(count => count === 1))
})

test('an id is excluded by control, and let in again', t => {
  const feed = driveProcessor(admitEvents())
  feed(u1, { kind: 'exclusion', excluded: true }, 0)
  t.deepEqual(feed(u1, event(), 1), [])
  t.is(feed(u2, event({ user_id: 'u2' }), 1).length, 1)
  feed(u1, { kind: 'exclusion', excluded: false }, 2)
  t.is(feed(u1, event(), 3).length, 1)
})

test('an excluded session is filtered under whatever user it acts', t => {
  const feed = driveProcessor(admitEvents({ excludedIds: new Set(['kiosk']) }))
  t.deepEqual(feed(u1, event({ session_id: 'kiosk' }), 0), [])
  t.is(feed(u1, event({ session_id: 'home' }), 0).length, 1)
})

test('other control records change nothing', t => {
  const feed = driveProcessor(admitEvents())
  t.deepEqual(feed(u1, { kind: 'note' }, 0), [])
  t.is(feed(u1, event(), 0).length, 1)
})

const erasure = { erasure_id: 'era_1', user_id: 'u1', requested_at: 90, until: 100 }

test('an erasure goes on under its own id, and to each session and device that is known to be the person’s', t => {
  const feed = driveProcessor(admitEvents())
  for (const session_id of ['s1', 's2', 's1', null]) feed(u1, event({ session_id }), 0)
  feed(u1, { linked: 'device', ts: 1 }, 1)
  feed(u2, event({ user_id: 'u2', session_id: 's3' }), 1)
  feed.reload()
  const found = feed(u1, erasure, 90)
  t.deepEqual(found.map(({ key }) => key).sort(), ['device', 's1', 's2', 'u1'])
  for (const { key, value } of found) t.deepEqual(value, key === u1 ? erasure : { alsoErase: erasure })
  t.deepEqual(
    feed(u1, erasure, 91).map(({ key }) => key),
    ['u1'],
    'they are found once'
  )
})

test('of who is erased nothing counts that happened before, and everything that happens afterwards', t => {
  const feed = driveProcessor(admitEvents())
  feed(u1, event({ event_id: 'known', ts: 50 }), 50)
  feed(u1, erasure, 90)
  feed.reload()
  t.deepEqual(feed(u1, event({ event_id: 'known', ts: 50 }), 95), [])
  t.deepEqual(feed(u1, event({ ts: 100 }), 100), [])
  t.is(feed(u1, event({ ts: 101 }), 101).length, 1)
  t.is(feed(u2, event({ user_id: 'u2', ts: 99 }), 101).length, 1)
})

test('a session or device that turns out later to have been theirs before the erasure is erased at once, and once', t => {
  const feed = driveProcessor(admitEvents())
  const told = (...[key, value, ts]: Parameters<typeof feed>) =>
    feed(key, value, ts).map(one => [one.key as string, 'alsoErase' in one.value ? one.value.alsoErase : one.value])
  feed(u1, event({ session_id: 's1', ts: 110 }), 10)
  feed(u1, event({ session_id: 's1', ts: 10 }), 10)
  t.deepEqual(told(u1, erasure, 90)[0], ['s1', erasure])
  feed.reload()
  t.deepEqual(told(u1, event({ session_id: 's1', ts: 20 }), 95), [], 'it was told')
  t.deepEqual(told(u1, event({ session_id: 's2', ts: 100 }), 95), [['s2', erasure]])
  t.deepEqual(told(u1, { linked: 'device', ts: 100 }, 95), [['device', erasure]])
  feed.reload()
  t.deepEqual(told(u1, event({ session_id: 's2', ts: 30 }), 96), [])
  t.deepEqual(told(u1, { linked: 'device', ts: 100 }, 96), [])
  t.deepEqual(told(u1, event({ session_id: null, ts: 30 }), 96), [])
  t.is(feed.counted.filtered, 4)
})

test('what is theirs only after an erasure is for the next one, and the one that reaches furthest is remembered', t => {
  const feed = driveProcessor(admitEvents())
  const erase = (over: Partial<typeof erasure>, ts: number) => feed(u1, { ...erasure, ...over }, ts)
  const keys = (found: { key: string }[]) => found.map(({ key }) => key)
  feed(u1, event({ session_id: 's9', ts: 101 }), 80)
  t.deepEqual(keys(erase({}, 90)), ['u1'])
  feed(u1, { linked: 'device', ts: 101 }, 101)
  t.deepEqual(keys(erase({ erasure_id: 'era_0', until: 60 }, 102)), ['u1'])
  t.like(feed(u1, { linked: 's5', ts: 80 }, 103)[0].value, { alsoErase: erasure })
  t.deepEqual(keys(erase({ erasure_id: 'era_2', until: 300 }, 290)), ['device', 's9', 'u1'])
  const [late] = feed(u1, { linked: 's1', ts: 50 }, 301)
  t.like(late.value, { alsoErase: { erasure_id: 'era_2', until: 300 } })
})

test('of very many sessions those found last are known', t => {
  const feed = driveProcessor(admitEvents())
  for (let i = 0; i < 1_030; i++) feed(u1, event({ session_id: `s${i}`, event_type: 'purchase', ts: i }), i)
  const found = new Set<string>(feed(u1, { ...erasure, until: 2_000 }, 2_000).map(({ key }) => key))
  t.is(found.size, 1_025)
  t.deepEqual([found.has('s5'), found.has('s6'), found.has('s1029')], [false, true, true])
})
