import test from 'ava'
import { type SessionStep, sessionErasure } from '../schemas/session-step.ts'
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
  return erasure.erase()
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
