import type { SessionStep } from '../../schemas/session-step.ts'
import { expireSessions } from './erase-session.ts'
import { OpenSessions } from './open-sessions.ts'
import { horizon as defaultHorizon, fast, type Horizon, type RetrievalParameters } from './parameters.ts'
import { SessionIndex } from './session-index.ts'

/** A visit is over after 30 min; its number is kept for this long, since events may be late. */
const openMaxS = 86_400
/** Whatever the index holds beyond its horizon is let go of every so many events. */
const eventsBetweenExpiries = 1024

/** What an index is built from, of a step of the topic `session-steps`. */
export type IndexedStep = Pick<SessionStep, 'session' | 'product_id' | 'event_type' | 'ts' | 'position'>

export interface SavedFeed {
  index: SessionIndex
  open: Iterable<readonly [string, number]>
  offset: number
}

/**
 * The session index as the topic `session-steps` makes it, offset by offset: the same for whoever reads the same steps
 * from the same start. Serving, learning and tests all build it here.
 */
export class StepFeed {
  readonly index: SessionIndex
  readonly open: OpenSessions
  /** The first of the topic that the index has not seen. */
  nextOffset = 0
  /** While sums are made again from the log nothing may fall out of them; so long the index grows beyond its horizon. */
  isExpiryHeld = false
  private expireAt = eventsBetweenExpiries

  constructor(
    parameters: RetrievalParameters = fast,
    { horizon = defaultHorizon, saved }: { horizon?: Horizon; saved?: SavedFeed } = {}
  ) {
    this.index = saved?.index ?? new SessionIndex(parameters, horizon)
    this.open = new OpenSessions(this.index, openMaxS)
    if (!saved) return
    this.open.restore(saved.open)
    this.nextOffset = saved.offset
    this.expireAt = expiryAfter(this.index.events)
  }

  /** The visit's number; −1: it has not begun. */
  sessionOf({ session }: Pick<IndexedStep, 'session'>): number {
    return this.open.find(session)
  }

  /**
   * Not so a step that revises the type of one before it, and one in the same second as the newest of its visit: lines of
   * one order, and other acts that came in bulk, have no order among themselves that could say what comes next.
   */
  isEvidence({ session, position, ts }: IndexedStep): boolean {
    const { sessions } = this.index
    const known = this.open.find(session)
    const length = sessions.lengthOf(known)
    return length === 0 || (position >= length && Math.floor(ts / 1000) !== sessions.timeOf(known))
  }

  /** What is no step. */
  pass(offset: number): void {
    this.nextOffset = offset + 1
  }

  observe(step: IndexedStep, offset: number): void {
    this.nextOffset = offset + 1
    if (!this.isEvidence(step)) return
    const { index } = this
    const timeS = Math.floor(step.ts / 1000)
    const session = this.open.numberOf(step.session, timeS, offset)
    index.observe(session, index.itemOf(step.product_id), timeS)
    if (this.isExpiryHeld || index.events < this.expireAt) return
    this.expireAt = expiryAfter(index.events)
    expireSessions(index)
  }
}

const expiryAfter = (events: number) => (Math.floor(events / eventsBetweenExpiries) + 1) * eventsBetweenExpiries
