import type { SessionIndex } from './session-index.ts'
import type { IndexedStep } from './step-feed.ts'

interface Replayed {
  session: number
  /** As the index had them before the step at hand. */
  length: number
  timeS: number
}

const openMaxDefault = 100_000
/** Longer than an index keeps the name of a visit that may go on. */
const idleMaxS = 2 * 86_400

/**
 * The steps of the topic once more, from its start and in order, as an index has seen them: which session each one went
 * to. Names are kept of sessions that may go on: those of the last two days, and up to as many others, or to `openMax`.
 */
export class ReplayedSessions {
  private readonly index: SessionIndex
  private readonly openMax: number
  private readonly open = new Map<string, Replayed>()
  private sweepAt: number
  /** So many events the session had before the step that was told last. */
  place = 0
  private nowS = 0

  constructor(index: SessionIndex, openMax = openMaxDefault) {
    this.index = index
    this.openMax = openMax
    this.sweepAt = openMax
  }

  get count(): number {
    return this.open.size
  }

  /** The session's number; −1: the index has not taken the step, or has let go of its session. */
  sessionOf({ session, position, ts }: IndexedStep, offset: number): number {
    const timeS = Math.floor(ts / 1000)
    this.nowS = Math.max(this.nowS, timeS)
    const started = this.index.sessions.startedAt(offset)
    if (started >= 0) this.begin(session, started)
    const known = this.open.get(session)
    if (known === undefined) return -1
    const isEvidence = known.length === 0 || (position >= known.length && timeS !== known.timeS)
    if (!isEvidence) return -1
    this.place = known.length
    known.length = Math.min(known.length + 1, this.index.parameters.sessionEventsMax)
    known.timeS = Math.max(known.timeS, timeS)
    return known.session
  }

  /** The number of a visit, whether or not the index took its newest step; −1: as for `sessionOf`. */
  numberOf(name: string): number {
    return this.open.get(name)?.session ?? -1
  }

  private begin(name: string, session: number): void {
    if (this.open.size >= this.sweepAt) this.sweep()
    this.open.set(name, { session, length: 0, timeS: 0 })
  }

  /** Again when there are twice as many: so names cost a few looks each, however many stay. */
  private sweep(): void {
    for (const [other, { timeS }] of this.open) if (timeS < this.nowS - idleMaxS) this.open.delete(other)
    this.sweepAt = Math.max(this.openMax, 2 * this.open.size)
  }
}
