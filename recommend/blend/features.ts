import { rowItem, rowOwn, sum, sums } from '../session-index/evidence.ts'
import { ln2, logOfCount, naturalLog } from '../session-index/exact-maths.ts'
import { coarseDecay, integerLog, one } from '../session-index/fixed-point.ts'
import type { Gathering } from '../session-index/gathering.ts'
import { field, recordFloats, recordWords } from '../session-index/item-records.ts'
import type { RunningSession } from '../session-index/running-session.ts'
import { OwnFeatures } from './own-features.ts'

/** Of every candidate, and of the session's own items on top. */
export const commonFeatures = 25
const ownFeatures = 21
export const featureCount = commonFeatures + ownFeatures
/** The first that an item has which only the second hop found. */
export const hopFeature = 16

/** What is absent counts as so much of a whole contribution: below it, evidence says nothing. */
const faint = Math.floor(one * 0.03)
const weak = Math.floor(one * 0.1)
const plain = Math.floor(one * 0.3)
const lnFaint = integerLog(faint)
const lnWeak = integerLog(weak)
const lnPlain = integerLog(plain)
const shareFloor = 0.003
const popularityScale = 1024
const lnPopularityScale = 10 * ln2
const unpopular = 0.3 * integerLog(popularityScale) - 0.3 * lnPopularityScale
const halfLives = 4

/**
 * The candidates as numbers for the blend. A running session is never evidence about itself twice: its own events are
 * left out of every sum, are subtracted from its items' counters, and hide their popularity and time of last event.
 */
export class Features {
  /** One row of `featureCount` per candidate; the last 21 are set for own items only. */
  x = new Float64Array(256 * featureCount)
  /** Number among the session's own items, from 1, per candidate; 0 for all others. */
  own = new Int32Array(256)
  /** From this candidate on, features before `hopFeature` are 0. */
  joinedFrom = 0
  private readonly gathering: Gathering
  private readonly ofOwn: OwnFeatures
  private readonly floors = new Int32Array(sums)
  private readonly lnFloors = new Float64Array(sums)
  private lnSessions = 0
  private lnLength = 0
  private breadth = 0
  /** What the fetching added up; kept, so that it is not optimised away. */
  fetched = 0

  constructor(gathering: Gathering) {
    this.gathering = gathering
    this.ofOwn = new OwnFeatures(gathering)
  }

  /** After `gathering.gather(running)`, which found at least one own item. */
  fill(running: RunningSession): void {
    const { candidates, evidence, own, index } = this.gathering
    this.reserve(candidates.count)
    const { totals } = candidates
    for (let f = 0; f < sums; f++) {
      this.floors[f] = Math.floor(shareFloor * (totals[f] + one * 0.5) + 1)
      this.lnFloors[f] = integerLog(this.floors[f])
    }
    this.lnSessions = logOfCount(index.sessions.live + 1)
    this.lnLength = logOfCount(own.events) - 1
    this.breadth = 0.2 * naturalLog(1 + totals[sum.rule] / one)
    this.ofOwn.begin(running, this.lnLength, this.breadth)
    this.joinedFrom = candidates.joinedFrom
    this.fetchRecords()
    for (let i = 0; i < candidates.count; i++) {
      const row = candidates.rows[i]
      this.own[i] = evidence.rows[row + rowOwn]
      if (i < candidates.joinedFrom) this.addSums(i * featureCount, row)
      else this.addHop(i * featureCount, row)
      this.addItem(i * featureCount + hopFeature + 1, evidence.rows[row + rowItem], this.own[i])
      if (this.own[i] > 0) this.ofOwn.add(this.x, i * featureCount + commonFeatures, this.own[i] - 1)
    }
  }

  /** Touches all records at both ends in one go, so that the memory serves them side by side. */
  private fetchRecords(): void {
    const { candidates, evidence, index } = this.gathering
    const { words } = index.items
    let fetched = 0
    for (let i = 0; i < candidates.count; i++) {
      const record = evidence.rows[candidates.rows[i] + rowItem] * recordWords
      fetched ^= words[record] ^ words[record + field.time]
    }
    this.fetched = fetched
  }

  /** Absolute (A) and share (R) forms, in the order of the specification. */
  private addSums(at: number, row: number): void {
    const { x, floors, lnFloors } = this
    const { rows } = this.gathering.evidence
    const neighbour = rows[row + sum.neighbour]
    const after = rows[row + sum.after]
    const before = rows[row + sum.before]
    const rule = rows[row + sum.rule]
    const reverse = rows[row + sum.reverse]
    x[at] = integerLog(neighbour + faint) - lnFaint
    x[at + 1] = integerLog(neighbour + floors[sum.neighbour]) - lnFloors[sum.neighbour]
    x[at + 2] = integerLog(rows[row + sum.cosine] + faint) - lnFaint
    x[at + 3] = integerLog(rows[row + sum.recent] + floors[sum.recent]) - lnFloors[sum.recent]
    x[at + 4] = integerLog(after + weak) - lnWeak
    x[at + 5] = integerLog(after + floors[sum.after]) - lnFloors[sum.after]
    x[at + 6] = integerLog(before + weak) - lnWeak
    x[at + 7] = integerLog(before + floors[sum.before]) - lnFloors[sum.before]
    x[at + 8] = integerLog(rule + plain) - lnPlain
    x[at + 9] = integerLog(rule + floors[sum.rule]) - lnFloors[sum.rule]
    x[at + 10] = integerLog(rows[row + sum.recentRule] + plain) - lnPlain
    x[at + 11] = integerLog(rows[row + sum.markov] + floors[sum.markov]) - lnFloors[sum.markov]
    x[at + 12] = integerLog(rows[row + sum.secondOrder] + plain) - lnPlain
    x[at + 13] = integerLog(reverse + plain) - lnPlain
    x[at + 14] = integerLog(reverse + floors[sum.reverse]) - lnFloors[sum.reverse]
    x[at + 15] = integerLog(rows[row + sum.previousRule] + plain) - lnPlain
    x[at + hopFeature] = integerLog(rows[row + sum.secondHop] + floors[sum.secondHop]) - lnFloors[sum.secondHop]
  }

  /** Of an item that only the second hop or popularity found. */
  private addHop(at: number, row: number): void {
    const { x, floors, lnFloors } = this
    for (let f = 0; f < hopFeature; f++) x[at + f] = 0
    const hopped = this.gathering.evidence.rows[row + sum.secondHop]
    x[at + hopFeature] = integerLog(hopped + floors[sum.secondHop]) - lnFloors[sum.secondHop]
  }

  /** Rarity; popularity, minutes since the last event, length of the session, breadth of the rules: these only of others. */
  private addItem(at: number, item: number, own: number): void {
    const { x } = this
    const { items, now, parameters } = this.gathering.index
    const record = item * recordWords
    const sessions = items.sessions[item]
    const stored = own > 0 && this.gathering.own.storedTimes[own - 1] > 0 ? 1 : 0
    x[at] = 0.3 * (this.lnSessions - logOfCount(Math.max(1, sessions + 1 - stored)))
    if (own > 0) {
      for (let f = 1; f <= halfLives + 3; f++) x[at + f] = 0
      return
    }
    const age = Math.max(0, now - (items.words[record + field.time] >>> 0))
    for (let h = 0; h < halfLives; h++) {
      const left = popularityScale * coarseDecay(age / parameters.halfLivesS[h])
      const scaled = left > 0 ? (items.floats[item * recordFloats + h] * left) | 0 : 0
      x[at + 1 + h] = scaled > 0 ? 0.3 * integerLog(popularityScale + scaled) - 0.3 * lnPopularityScale : unpopular
    }
    x[at + 5] = 0.2 * integerLog(1 + ((age / 60) | 0))
    x[at + 6] = this.lnLength
    x[at + 7] = this.breadth
  }

  private reserve(candidates: number): void {
    if (candidates <= this.own.length) return
    this.own = new Int32Array(candidates * 2)
    this.x = new Float64Array(candidates * 2 * featureCount)
  }
}
