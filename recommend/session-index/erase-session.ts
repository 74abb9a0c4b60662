import { field, recordWords } from './item-records.ts'
import type { SessionIndex } from './session-index.ts'

/** An event as the log of events has it: in order of arrival, those a full session did not keep included. */
export interface LoggedEvent {
  item: number
  timeS: number
}

/**
 * Takes a session out as if it had never been: counters and sums at once. Returns the items of which only the log of
 * events knows the rest, for `ItemRebuild`: those whose rings had cut older sessions off, and those whose newest event
 * was the session's. Then everything equals a replay without the session; but for the list of popular items, to be
 * refreshed when the last session is out.
 */
export function eraseSession(index: SessionIndex, session: number, events: readonly LoggedEvent[]): number[] {
  const { sessions, items, parameters } = index
  if (sessions.lengthOf(session) === 0) return []
  const unfinished = new Set<number>()
  for (const { item, timeS } of events) {
    if (timeS >= items.words[item * recordWords + field.time] >>> 0) unfinished.add(item)
    items.unclick(item, timeS)
    index.clicks--
  }
  for (const item of subtractVisits(index, session)) {
    const others = items.ringOf(item).filter(other => other !== session && sessions.has(other))
    items.setRing(item, others)
    if (others.length < Math.min(items.sessions[item], parameters.ringSessions)) unfinished.add(item)
  }
  sessions.empty(session)
  return [...unfinished]
}

/**
 * Forgets sessions, oldest start first, that fell out of the horizon or over the bound of clicks. Their own event times
 * are no longer at hand; that of their last event stands in, which after a whole horizon is a difference below a
 * thousandth of a click. Call it now and then, for example once a second; `sessionsMax` bounds a call.
 */
export function expireSessions(index: SessionIndex, sessionsMax = 1000): number {
  const { sessions, horizon } = index
  let expired = 0
  for (; expired < sessionsMax && sessions.base < sessions.next; expired++) {
    const isOld = sessions.timeOf(sessions.base) < index.now - horizon.ageMaxS
    if (!isOld && index.clicks <= horizon.clicksMax) break
    expireOldest(index)
  }
  return expired
}

/** The same of sessions that started before an offset of the topic; `sessionsMax` bounds a call. */
export function expireBefore(index: SessionIndex, topicOffset: number, sessionsMax = 1000): number {
  const { sessions } = index
  let expired = 0
  for (; expired < sessionsMax && sessions.base < sessions.next; expired++) {
    if (sessions.startOf(sessions.base) >= topicOffset) break
    expireOldest(index)
  }
  return expired
}

function expireOldest(index: SessionIndex): void {
  const { sessions, items } = index
  const oldest = sessions.base
  const length = sessions.lengthOf(oldest)
  for (let i = 0; i < length; i++) items.unclick(sessions.itemAt(oldest, i), sessions.timeOf(oldest))
  index.clicks -= length
  const touched = subtractVisits(index, oldest)
  sessions.empty(oldest)
  sessions.dropOldest()
  for (const item of touched) if (items.words[item * recordWords + field.clicks] <= 0) items.setRing(item, [])
}

/** Subtracts what the session's log says of its items' sessions, repeats and re-visits. Returns the items. */
function subtractVisits({ sessions, items }: SessionIndex, session: number): Set<number> {
  const seen = new Set<number>()
  const length = sessions.lengthOf(session)
  for (let i = 0, previous = -1; i < length; i++) {
    const item = sessions.itemAt(session, i)
    const at = item * recordWords
    if (item === previous) items.words[at + field.repeats]--
    else if (seen.has(item)) items.words[at + field.revisits]--
    if (!seen.has(item)) items.sessions[item]--
    seen.add(item)
    previous = item
  }
  return seen
}
