import type { SessionErasure, SessionStep } from '../schemas/session-step.ts'
import { eraseSession, type LoggedEvent } from './session-index/erase-session.ts'
import { ItemRebuild } from './session-index/item-rebuild.ts'
import { ReplayedSessions } from './session-index/replayed-sessions.ts'
import type { StepFeed } from './session-index/step-feed.ts'

type LoggedStep = Pick<
  SessionStep,
  'session' | 'session_id' | 'user_id' | 'product_id' | 'event_type' | 'ts' | 'position'
>

interface Visit {
  startedAt: number
  /** Whoever of its steps says so. */
  user_id: string | null
  /** By number in the index. */
  events: Map<number, LoggedEvent[]>
}

/**
 * Takes the visits out of a session index that erasures on the topic name. The index does not know whose a visit is, so
 * the topic is read twice: for the visits (`find`, up to the erasures), then (`rebuild`, from the start up to where the
 * index is) for what is left of the items whose rings or newest times were theirs. After `erase` nothing of them is
 * counted; after `finish` everything is as if they had never been.
 */
export class VisitErasure {
  private readonly feed: StepFeed
  private readonly unfinished: Set<number>
  private readonly erasures = new Map<string, { erasure: SessionErasure; offset: number }[]>()
  private readonly visits = new Map<string, Visit>()
  private replayed: ReplayedSessions
  private items: ItemRebuild | null = null

  /** `unfinished`: items of which only the log knows the rest, those of an attempt before this one that failed included. */
  constructor(
    feed: StepFeed,
    erasures: readonly { erasure: SessionErasure; offset: number }[],
    unfinished: Set<number>
  ) {
    this.feed = feed
    this.unfinished = unfinished
    this.replayed = new ReplayedSessions(feed.index)
    for (const one of erasures) {
      const { session_id } = one.erasure
      this.erasures.set(session_id, [...(this.erasures.get(session_id) ?? []), one])
    }
  }

  find(step: LoggedStep, offset: number): void {
    const asked = this.erasures.get(step.session_id)
    if (asked === undefined) return
    const visit = this.visits.get(step.session) ?? { startedAt: step.ts, user_id: null, events: new Map() }
    this.visits.set(step.session, visit)
    visit.startedAt = Math.min(visit.startedAt, step.ts)
    visit.user_id ??= step.user_id
    const session = this.replayed.sessionOf(step, offset)
    if (session < 0) return
    const events = visit.events.get(session) ?? []
    visit.events.set(session, events)
    events.push({ item: this.feed.index.find(step.product_id), timeS: Math.floor(step.ts / 1000) })
  }

  /** Returns the names of the visits that are gone, whether or not the index had them. */
  erase(): string[] {
    const { index, open } = this.feed
    const gone: string[] = []
    for (const [name, visit] of this.visits) {
      if (!this.isErased(name, visit)) continue
      gone.push(name)
      open.forget(name)
      for (const [session, events] of visit.events) {
        for (const item of eraseSession(index, session, events)) this.unfinished.add(item)
      }
    }
    this.visits.clear()
    this.replayed = new ReplayedSessions(index)
    this.items = this.unfinished.size > 0 ? new ItemRebuild(index, this.unfinished) : null
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

  finish(): void {
    this.items?.finish()
    this.items = null
    this.unfinished.clear()
  }

  private isErased(name: string, { startedAt, user_id }: Visit): boolean {
    const asked = this.erasures.get(name.slice(0, name.lastIndexOf('#'))) ?? []
    return asked.some(
      ({ erasure: { ts, user_id: theirs, session_id } }) =>
        startedAt <= ts && (user_id === null || user_id === theirs || user_id === session_id)
    )
  }
}
