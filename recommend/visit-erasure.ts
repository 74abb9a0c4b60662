import type { SessionErasure, SessionStep } from '../schemas/session-step.ts'
import { eraseSession, expireBefore, expireSessions, type LoggedEvent } from './session-index/erase-session.ts'
import { ItemRebuild } from './session-index/item-rebuild.ts'
import { ReplayedSessions } from './session-index/replayed-sessions.ts'
import type { StepFeed } from './session-index/step-feed.ts'

type LoggedStep = Pick<
  SessionStep,
  'session' | 'session_id' | 'user_id' | 'product_id' | 'event_type' | 'ts' | 'position'
>

interface AskedErasure {
  erasure: SessionErasure
  /** On the topic: only visits that began before it are meant. */
  offset: number
}

interface Visit {
  name: string
  session_id: string
  startOffset: number
  startedAt: number
  /** Whoever of its steps says so. */
  user_id: string | null
  events: LoggedEvent[]
}

/** Of what is taken out, between two yields: about a millisecond. */
const eventsPerTurn = 256

/**
 * Takes the visits out of a session index that erasures on the topic name. The index does not know whose a visit is, so
 * the topic is read twice: for the visits (`find`, up to the erasures), then (`rebuild`, from the start up to where the
 * index is) for what is left of the items whose rings or newest times were theirs. After `erase` nothing of them is
 * counted; after `finish` everything is as if they had never been.
 *
 * What takes long is a generator that yields about every millisecond: the index may be asked then, and not be fed.
 */
export class VisitErasure {
  private readonly feed: StepFeed
  private readonly unfinished: Set<number>
  private readonly erasures = new Map<string, AskedErasure[]>()
  /** By number in the index: a name may have been given again. */
  private readonly visits = new Map<number, Visit>()
  private replayed: ReplayedSessions
  private items: ItemRebuild | null = null

  /** `unfinished`: items of which only the log knows the rest, those of an attempt before this one that failed included. */
  constructor(feed: StepFeed, erasures: readonly AskedErasure[], unfinished: Set<number>) {
    this.feed = feed
    this.unfinished = unfinished
    this.replayed = new ReplayedSessions(feed.index)
    for (const one of erasures) {
      const { session_id } = one.erasure
      const known = this.erasures.get(session_id)
      if (known) known.push(one)
      else this.erasures.set(session_id, [one])
    }
  }

  /** To be run first: nobody can tell any more whose visits were of which the topic no longer has the first step. */
  *begin(startOffset: number): Generator<void, void, void> {
    while (expireBefore(this.feed.index, startOffset, eventsPerTurn) === eventsPerTurn) yield
  }

  find(step: LoggedStep, offset: number): void {
    if (!this.erasures.has(step.session_id)) return
    const isTaken = this.replayed.sessionOf(step, offset) >= 0
    const session = this.replayed.numberOf(step.session)
    if (session < 0) return
    const { session: name, session_id, ts } = step
    const begun = { name, session_id, startOffset: offset, startedAt: ts, user_id: null, events: [] }
    const visit = this.visits.get(session) ?? begun
    this.visits.set(session, visit)
    visit.startedAt = Math.min(visit.startedAt, ts)
    visit.user_id ??= step.user_id
    if (isTaken) visit.events.push({ item: this.feed.index.find(step.product_id), timeS: Math.floor(ts / 1000) })
  }

  /** Returns the names of the visits that it took out, by session id. Until `finish` the index lets nothing else go. */
  *erase(): Generator<void, Map<string, string[]>, void> {
    const { index, open } = this.feed
    const gone = new Map<string, string[]>()
    let events = 0
    this.feed.isExpiryHeld = true
    for (const [session, visit] of this.visits) {
      if (!this.isErased(visit) || index.sessions.lengthOf(session) === 0) continue
      const names = gone.get(visit.session_id) ?? []
      gone.set(visit.session_id, names)
      names.push(visit.name)
      if (open.find(visit.name) === session) open.forget(visit.name)
      for (const item of eraseSession(index, session, visit.events)) this.unfinished.add(item)
      events += visit.events.length
      if (events < eventsPerTurn) continue
      yield
      events = 0
    }
    this.visits.clear()
    this.replayed = new ReplayedSessions(index)
    this.items = this.unfinished.size > 0 ? new ItemRebuild(index, this.unfinished) : null
    index.popular.refresh()
    return gone
  }

  /** Whether the topic has to be read again. */
  get isUnfinished(): boolean {
    return this.items !== null
  }

  rebuild(step: LoggedStep, offset: number): void {
    const { replayed, items } = this
    const session = replayed.sessionOf(step, offset)
    if (session < 0) return
    const item = this.feed.index.find(step.product_id)
    items?.observe({ session, place: replayed.place, item, timeS: Math.floor(step.ts / 1000) })
  }

  /** To be run last, also where nothing is unfinished. */
  *finish(): Generator<void, void, void> {
    const { index } = this.feed
    if (this.items) yield* this.items.finish()
    this.items = null
    this.unfinished.clear()
    index.popular.refresh()
    this.feed.isExpiryHeld = false
    while (expireSessions(index, eventsPerTurn) === eventsPerTurn) yield
  }

  private isErased({ session_id, startOffset, startedAt, user_id }: Visit): boolean {
    const asked = this.erasures.get(session_id) ?? []
    return asked.some(
      ({ erasure: { ts, user_id: theirs }, offset }) =>
        startOffset < offset && startedAt <= ts && (user_id === null || user_id === theirs || user_id === session_id)
    )
  }
}
