import test from 'ava'
import { type SessionStep, sessionErasure } from '../schemas/session-step.ts'
import { field, recordFloats, recordWords } from './session-index/item-records.ts'
import { fast } from './session-index/parameters.ts'
import { StepFeed } from './session-index/step-feed.ts'
import { VisitErasure } from './visit-erasure.ts'

const until = 1_000_000

/** The visits that an erasure of ann takes, who had `id`, of an index that was fed with these steps. */
function erased(id: string, steps: readonly Partial<SessionStep>[]): string[] {
  const feed = new StepFeed()
  const erasure = new VisitErasure(feed, [{ erasure: sessionErasure(id, 'ann', 'era_1', until), offset: 9 }], new Set())
  const whole = steps.map((over, i) => ({ ...plain, position: i, ts: i * 10_000, session_id: id, ...over }))
  for (const [offset, step] of whole.entries()) feed.observe(step, offset)
  for (const [offset, step] of whole.entries()) erasure.find(step, offset)
  return [...drained(erasure.erase()).value.values()].flat()
}

const plain: Omit<SessionStep, 'session_id' | 'position' | 'ts'> = {
  session: 'visit#0',
  user_id: null,
  product_id: 'tea',
  event_type: 'view',
  order_id: null,
  recommendation_id: null
}

test('a visit of a merged device, under its own id, is its user’s', t => {
  const steps = ['device', null, 'bob', 'ann'].map(user_id => ({ session: `device#${user_id}`, user_id }))
  t.deepEqual(erased('device', steps), ['device#device', 'device#null', 'device#ann'])
})

test('a visit is whoever’s one of its steps says it is, also where that step revises one', t => {
  const steps = [{ session: 's1#a' }, { session: 's1#b' }, { session: 's1#b', position: 0, ts: 10_000, user_id: 'bob' }]
  t.deepEqual(erased('s1', steps), ['s1#a'])
})

test('a visit that began after the erasure stays', t => {
  t.deepEqual(
    erased('s1', [
      { session: 's1#a', ts: until },
      { session: 's1#b', ts: until + 1 }
    ]),
    ['s1#a']
  )
})

function drained<T>(turns: Generator<void, T, void>): { turns: number; value: T } {
  let count = 1
  let turn = turns.next()
  for (; !turn.done; turn = turns.next()) count++
  return { turns: count, value: turn.value }
}

test('an erasure means visits that began before it on the topic, also where a name was given again', t => {
  const feed = new StepFeed()
  const asked = [
    { erasure: sessionErasure('s1', 'ann', 'era_1', until), offset: 1 },
    { erasure: sessionErasure('s2', 'bob', 'era_2', until), offset: 9 }
  ]
  const step = (session: string) => ({ ...plain, session, session_id: 's1', ts: 1000, position: 0 })
  const erasure = new VisitErasure(feed, asked, new Set())
  feed.observe(step('s1#a'), 0)
  feed.open.forget('s1#a')
  feed.observe(step('s1#a'), 2)
  feed.observe(step('s1#b'), 3)
  for (const [offset, name] of [
    [0, 's1#a'],
    [2, 's1#a'],
    [3, 's1#b']
  ] as const) {
    erasure.find(step(name), offset)
  }
  t.deepEqual(drained(erasure.erase()).value, new Map([['s1', ['s1#a']]]))
  t.deepEqual(
    [0, 1, 2].map(session => feed.index.sessions.lengthOf(session)),
    [0, 1, 1]
  )
  t.is(feed.open.find('s1#a'), 1, 'the newer one goes on')
})

test('while sums are made again nothing falls out of the index; afterwards it does', t => {
  const feed = new StepFeed(fast, { horizon: { ageMaxS: 1e9, clicksMax: 900 } })
  const asked = [{ erasure: sessionErasure('s0', 'ann', 'era_1', until * 10), offset: 1000 }]
  const steps = Array.from({ length: 2_100 }, (_, i) => ({
    ...plain,
    session: `s${i}#`,
    session_id: i === 999 ? 's0' : `s${i}`,
    product_id: i < 1_000 ? 'tea' : 'cup',
    ts: i * 1000,
    position: 0
  }))
  for (const [offset, step] of steps.slice(0, 1_000).entries()) feed.observe(step, offset)
  const erasure = new VisitErasure(feed, asked, new Set())
  for (const [offset, step] of steps.slice(0, 1_000).entries()) erasure.find(step, offset)
  drained(erasure.erase())
  t.true(erasure.isUnfinished)
  for (const [offset, step] of steps.entries()) {
    erasure.rebuild(step, offset)
    if (offset === 999) for (let i = 1_000; i < 2_100; i++) feed.observe(steps[i], i)
  }
  t.true(feed.index.clicks > 900)
  drained(erasure.finish())
  t.is(feed.index.clicks, 900)
  const { items } = feed.index
  const tea = feed.index.find('tea')
  // A half-life of 30 days: nothing has decayed.
  const popularity = items.floats[tea * recordFloats + 3]
  t.true(Math.abs(popularity - items.words[tea * recordWords + field.clicks]) < 1, `${popularity}`)
})

test('taking visits out, and making items again, goes in turns of bounded work', t => {
  const feed = new StepFeed()
  const asked = [{ erasure: sessionErasure('s1', 'ann', 'era_1', until * 10), offset: 5_000 }]
  const steps = Array.from({ length: 5_000 }, (_, i) => {
    return { ...plain, session: `s1#${i}`, session_id: 's1', product_id: `p${i}`, ts: i * 1000, position: 0 }
  })
  const erasure = new VisitErasure(feed, asked, new Set())
  for (const [offset, step] of steps.entries()) feed.observe(step, offset)
  for (const [offset, step] of steps.entries()) erasure.find(step, offset)
  t.true(drained(erasure.erase()).turns >= 19)
  t.true(drained(erasure.finish()).turns >= 19)
  t.is(feed.index.clicks, 0)
  t.is(feed.index.popular.count, 0, 'nothing is popular any more')
})
