import type { SessionIndex } from '../session-index/session-index.ts'
import { StoredSession } from '../session-index/stored-session.ts'
import { Learner, type LearnerState } from './learner.ts'
import { NextItems } from './next-items.ts'
import { PublishingGate } from './publishing-gate.ts'
import { weightCount } from './weights.ts'

/** What an event of a type is worth as a target. */
export const targetWeights: Readonly<Record<string, number>> = { view: 1, click: 1, add_to_cart: 2, purchase: 3 }
/** Learning costs about as much as answering: one event in so many is learned. */
export const learnedOneIn = 3
/** An event this much older than the newest of its session says nothing about what came next. */
const lateMaxS = 60
/** Newly learned weights are looked at, and published if they are fit, every so many steps. */
const stepsBetweenChecks = 64

/** An event of a session that has a number, before the index observes it. */
export interface ComingEvent {
  session: number
  item: number
  timeS: number
  /** Place in the log: decides, by a fixed hash, whether the event is learned. */
  offset: number
  /** Of its type, in `targetWeights`. */
  weight: number
}

/**
 * Predict, then learn from what really came next: the one sequential consumer that the blend comes from. Give it each
 * event before the index observes it.
 */
export class SessionLearner {
  readonly learner: Learner
  readonly gate = new PublishingGate()
  readonly next: NextItems
  private readonly stored = new StoredSession()
  private readonly oneIn: number
  /** The newest that were fit to be served. */
  readonly published: PublishedWeights
  private checkedAtStep: number

  constructor(index: SessionIndex, { oneIn = learnedOneIn, state }: { oneIn?: number; state?: SavedLearner } = {}) {
    this.learner = new Learner(state)
    this.next = new NextItems(index, this.learner.weights)
    this.oneIn = oneIn
    const { weights = this.learner.weights, version = 0, withheld = 0, lead = 0 } = state?.published ?? {}
    this.published = { weights: weights.slice(), version, withheld, lead }
    this.checkedAtStep = this.learner.steps - (this.learner.steps % stepsBetweenChecks)
    if (state) this.gate.restore(state.gate)
  }

  /** To go on after a restart exactly where it was, together with the index as of the same event. */
  save(): SavedLearner {
    const { weights, squares, steps, skipped } = this.learner
    const published = { ...this.published, weights: this.published.weights.slice() }
    return { weights: weights.slice(), squares: squares.slice(), steps, skipped, gate: this.gate.save(), published }
  }

  /** Returns whether something was learned. */
  learn(event: ComingEvent): boolean {
    return isSampled(event.offset, this.oneIn) && this.learnAlways(event)
  }

  /** As `learn`, whatever the sample says. `next` has just predicted for this session: its prediction is used. */
  learnAlways(event: ComingEvent, isPredicted = false): boolean {
    const { index } = this.next
    const length = index.sessions.lengthOf(event.session)
    if (length === 0 || event.timeS < index.sessions.timeOf(event.session) - lateMaxS) return false
    if (!isPredicted) this.next.predict(this.stored.read(index, event.session))
    const target = this.next.isLearnable ? this.next.placeOf(event.item) : -1
    if (target < 0) return false
    this.gate.record(this.next.rankOf(target), this.next.fixedRankOf(target))
    const { features, scorer, count } = this.next
    this.learner.learn(features, scorer, { count, target, weight: event.weight })
    if (this.learner.steps >= this.checkedAtStep + stepsBetweenChecks) this.check(event.offset + 1)
    return true
  }

  /** The newest weights fit to be served, and whether they are the newest there are. The array changes with the next step. */
  serving(): { weights: Float64Array; isNewest: boolean } {
    return this.isFit
      ? { weights: this.learner.weights, isNewest: true }
      : { weights: this.published.weights, isNewest: false }
  }

  private get isFit(): boolean {
    if (!this.gate.isOpen) return false
    let check = 0
    for (let i = 0; i < weightCount; i++) check += this.learner.weights[i]
    return Number.isFinite(check)
  }

  private check(version: number): void {
    this.checkedAtStep = this.learner.steps
    this.published.lead = this.gate.lead
    if (!this.isFit) {
      this.published.withheld++
      return
    }
    this.published.weights.set(this.learner.weights)
    this.published.version = version
    this.published.withheld = 0
  }
}

export interface PublishedWeights {
  weights: Float64Array<ArrayBuffer>
  /** First offset of the topic that they have not learned from; 0: nothing has been learned. */
  version: number
  /** Checks in a row that newer weights have failed since. */
  withheld: number
  /** Of the learned blend over the fixed one at the last check; see `PublishingGate`. */
  lead: number
}

export interface SavedLearner extends LearnerState {
  gate: { differences: Int32Array; count: number }
  published: PublishedWeights
}

/** A fixed share of the log, spread evenly. */
export function isSampled(offset: number, oneIn: number): boolean {
  return (Math.imul(offset + 1, 0x9e3779b1) >>> 9) % oneIn === 0
}
