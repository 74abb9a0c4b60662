import test from 'ava'
import { OpenSessions } from './open-sessions.ts'
import { SessionIndex } from './session-index.ts'

test('a session keeps its number while it is open', t => {
  const open = new OpenSessions(new SessionIndex(), 3600)
  const first = open.numberOf('a', 10, 0)
  t.is(open.numberOf('a', 20, 1), first)
  t.is(open.numberOf('b', 20, 2), first + 1)
  t.is(open.find('a'), first)
  t.is(open.find('c'), -1)
})

test('keys of sessions that have ended are let go', t => {
  const index = new SessionIndex()
  const open = new OpenSessions(index, 3600)
  for (let i = 0; i < 20_000; i++) {
    const session = open.numberOf(`s${i}`, i * 10, i)
    index.observe(session, index.itemOf('item'), i * 10)
  }
  t.true(open.count < 5000, `${open.count} open`)
  t.true(open.find('s19999') >= 0)
  t.is(open.find('s0'), -1)
})

test('open sessions are restored with a snapshot', t => {
  const index = new SessionIndex()
  const open = new OpenSessions(index, 3600)
  open.numberOf('a', 10, 0)
  const restored = new OpenSessions(index, 3600)
  restored.restore(open.entries())
  t.is(restored.numberOf('a', 11, 1), open.find('a'))
})

test('keys are let go at the same session, wherever a snapshot was loaded before it', t => {
  const index = new SessionIndex()
  const open = new OpenSessions(index, 3600)
  let restored = open
  for (let i = 0; i < 9_000; i++) {
    if (i === 5_000) {
      restored = new OpenSessions(index, 3600)
      restored.restore(open.entries())
    }
    if (restored !== open) restored.numberOf(`s${i}`, i * 10, i)
    else index.observe(open.numberOf(`s${i}`, i * 10, i), index.itemOf('item'), i * 10)
    index.now = i * 10
  }
  // The last sweep was with session 8,192: what was open an hour before it is known, the rest is not.
  t.is(restored.find('s7830'), -1)
  t.is(restored.find('s7831'), 7831)
})
