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
