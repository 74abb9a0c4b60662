import { isErasure, type SessionErasure } from '../schemas/session-step.ts'
import type { BlendWeights } from '../schemas/views.ts'
import { NextItems } from './blend/next-items.ts'
import { weightCount } from './blend/weights.ts'
import type { Catalog } from './catalog.ts'
import { rowItem, rowOwn, sum } from './session-index/evidence.ts'
import { exponential } from './session-index/exact-maths.ts'
import { fast, type RetrievalParameters } from './session-index/parameters.ts'
import { type IndexedStep, type SavedFeed, StepFeed } from './session-index/step-feed.ts'
import { type VisitSoFar, VisitSteps } from './visit-steps.ts'

/** Candidates per item of the list: rules take some out. */
const candidatesPerItem = 2
/** What all that only the second hop found is worth together, where a sum of the fixed blend is worth 1. */
const hopWorth = 0.2
/** A score lower by so much stands for a share of 1/e: what a category loses for being shown again then costs a tenth of a point. */
const scoreScale = 2

/**
 * Takes what the index found for a visit; numbers are the catalog's. `share` of the best: above 0, at most 1. `seed`: the
 * item of the visit that led there, the item itself where it was seen already, −1 where it is only popular.
 */
export type NextItemSink = (item: number, share: number, seed: number) => void

/**
 * What comes next in this visit? The session index as serving keeps it, under the catalog's numbers, with the newest
 * weights of the view `blend`. Version 0 is the fixed blend, until something was learned.
 */
export class VisitIndex {
  feed: StepFeed
  /** Of the weights in use, as published. */
  blend: Omit<BlendWeights, 'weights'> = { version: 0, withheld: 0, lead: 0 }
  private readonly catalog: Catalog
  readonly parameters: RetrievalParameters
  private next: NextItems
  private readonly steps: VisitSteps
  /** The catalog's number of each item; −1: it has none, as the catalog has too many strangers. */
  private readonly numbers: number[] = []

  constructor(catalog: Catalog, parameters: RetrievalParameters = fast) {
    this.catalog = catalog
    this.parameters = parameters
    this.feed = new StepFeed(parameters)
    this.next = new NextItems(this.feed.index)
    this.steps = new VisitSteps(catalog, indexed => this.numberOf(indexed))
  }

  /** Goes on from a snapshot. */
  restore(saved: SavedFeed): void {
    this.feed = new StepFeed(this.parameters, { saved })
    this.next = new NextItems(this.feed.index, this.next.weights)
    this.numbers.length = 0
  }

  /** The first offset of `session-steps` that it has not seen. */
  get nextOffset(): number {
    return this.feed.nextOffset
  }

  /** Every step of `session-steps`, in order of offset. An erasure is carried out by whoever can read the topic again. */
  observe(step: IndexedStep | SessionErasure, offset: number): void {
    if (isErasure(step)) this.feed.pass(offset)
    else this.feed.observe(step, offset)
  }

  get version(): number {
    return this.blend.version
  }

  /** Weights that no answer can be made with are left alone. Returns whether these are in use now. */
  use({ weights, ...blend }: BlendWeights): boolean {
    if (weights.length !== weightCount || !weights.every(Number.isFinite)) return false
    this.next.weights = Float64Array.from(weights)
    this.blend = blend
    return true
  }

  /** Whether somebody else's visit says something about the item. */
  knows(item: number): boolean {
    const { index } = this.feed
    const known = index.find(this.catalog.items.nameOf(item))
    return known >= 0 && index.items.sessions[known] > 0
  }

  /** Tells `sink` what may come next, in no order; nothing where nothing of the visit is known. */
  find(visit: VisitSoFar, limit: number, sink: NextItemSink): void {
    const { next, steps } = this
    const running = steps.read(this.feed, visit)
    if (running.count === 0) return
    const isLearned = this.version > 0
    if (isLearned) next.predict(running, limit * candidatesPerItem)
    else next.gathering.gather(running, limit * candidatesPerItem)
    if (next.gathering.own.count > 0) this.tell(sink, isLearned)
  }

  private tell(sink: NextItemSink, isLearned: boolean): void {
    const { candidates, evidence } = this.next.gathering
    const best = this.bestScore(isLearned)
    // Other sources then know more.
    if (best === null) return
    for (let i = 0; i < candidates.count; i++) {
      const row = candidates.rows[i]
      const item = this.numberOf(evidence.rows[row + rowItem])
      const score = this.scoreOf(i, isLearned)
      const share = isLearned ? exponential((score - best) / scoreScale) : score / best
      if (item >= 0 && share > 0) sink(item, share, this.hasEvidence(i) ? this.seedOf(row, item) : -1)
    }
  }

  /** Not so a popular item that only fills up. */
  private hasEvidence(candidate: number): boolean {
    const { candidates, evidence } = this.next.gathering
    return candidates.base[candidate] > 0 || evidence.rows[candidates.rows[candidate] + sum.secondHop] > 0
  }

  private scoreOf(candidate: number, isLearned: boolean): number {
    return isLearned ? this.next.scoreAt(candidate) : this.unlearnedScore(candidate)
  }

  /** The fixed blend, without items of the visit: whether visitors come back is not known yet. */
  private unlearnedScore(candidate: number): number {
    const { candidates, evidence } = this.next.gathering
    const row = candidates.rows[candidate]
    if (evidence.rows[row + rowOwn] > 0) return 0
    const base = candidates.base[candidate]
    const hopped = evidence.rows[row + sum.secondHop]
    if (base > 0 || hopped === 0) return base
    return (hopWorth * hopped) / candidates.totals[sum.secondHop]
  }

  /** Null where nothing speaks for any item that is not of the visit, but for popularity. */
  private bestScore(isLearned: boolean): number | null {
    const { candidates, evidence } = this.next.gathering
    let best = isLearned ? Number.NEGATIVE_INFINITY : Number.MIN_VALUE
    let isFound = false
    for (let i = 0; i < candidates.count; i++) {
      best = Math.max(best, this.scoreOf(i, isLearned))
      isFound ||= this.hasEvidence(i) && evidence.rows[candidates.rows[i] + rowOwn] === 0
    }
    return isFound ? best : null
  }

  /** The item itself, the current item where its rules speak, the one before it where only its do, else the current one. */
  private seedOf(row: number, item: number): number {
    const { rows } = this.next.gathering.evidence
    const { own } = this.next.gathering
    if (rows[row + rowOwn] > 0) return item
    const isOfCurrent = rows[row + sum.rule] + rows[row + sum.reverse] > 0
    const seed = !isOfCurrent && rows[row + sum.previousRule] > 0 && own.count > 1 ? own.items[1] : own.items[0]
    return this.numberOf(seed)
  }

  private numberOf(indexed: number): number {
    const { ids } = this.feed.index.ids
    while (this.numbers.length <= indexed) this.numbers.push(this.catalog.intern(ids[this.numbers.length]))
    if (this.numbers[indexed] < 0) this.numbers[indexed] = this.catalog.items.find(ids[indexed])
    return this.numbers[indexed]
  }
}
