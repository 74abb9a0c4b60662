import test from 'ava'
import { ReplayedSessions } from './replayed-sessions.ts'
import { SessionIndex } from './session-index.ts'

const day = 86_400
const step = (session: string, second: number, position = 0) => ({
  session,
  product_id: 'p1',
  event_type: 'view' as const,
  ts: second * 1000,
  position
})

/** An index that has begun a session with every offset, which is its number. */
function indexOf(sessions: number): SessionIndex {
  const index = new SessionIndex()
  for (let offset = 0; offset < sessions; offset++) index.startSession(1, offset)
  return index
}

test('a step goes to the session that its visit began with', t => {
  const replayed = new ReplayedSessions(indexOf(2))
  t.is(replayed.sessionOf(step('a', 10), 0), 0)
  t.is(replayed.sessionOf(step('b', 10), 1), 1)
  t.is(replayed.sessionOf(step('a', 20, 1), 2), 0)
  t.is(replayed.sessionOf(step('a', 20, 1), 3), -1, 'a revision')
  t.is(replayed.sessionOf(step('c', 20), 4), -1, 'begun in no session of the index')
})

test('names of visits that are over are let go of, those of the last two days are kept', t => {
  const replayed = new ReplayedSessions(indexOf(11), 10)
  for (let i = 0; i < 10; i++) replayed.sessionOf(step(`s${i}`, i * day), i)
  t.is(replayed.count, 10)
  replayed.sessionOf(step('s10', 9 * day), 10)
  t.is(replayed.count, 4)
  t.is(replayed.sessionOf(step('s7', 10 * day, 1), 99), 7)
})

test('where all names have to stay they are not gone through for every new visit', t => {
  const sessions = 40_000
  const replayed = new ReplayedSessions(indexOf(sessions), 2)
  const started = process.cpuUsage()
  for (let i = 0; i < sessions; i++) replayed.sessionOf(step(`s${i}`, day), i)
  t.is(replayed.count, sessions)
  const { user } = process.cpuUsage(started)
  t.true(user < 1_000_000, `${user} µs`)
})
