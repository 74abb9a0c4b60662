import { rowItem } from '../session-index/evidence.ts'
import { Gathering } from '../session-index/gathering.ts'
import type { RunningSession } from '../session-index/running-session.ts'
import type { SessionIndex } from '../session-index/session-index.ts'
import { Features } from './features.ts'
import { Scorer } from './scorer.ts'
import { startWeights } from './weights.ts'

/**
 * What will this visitor open next? Gathers, scores and orders; the answer stands in its fields until the next question.
 * One instance answers one question at a time.
 */
export class NextItems {
  readonly index: SessionIndex
  readonly gathering: Gathering
  readonly features: Features
  readonly scorer = new Scorer()
  /** Those of a learner, or the newest that it published. */
  weights: Float64Array
  /** Places among the candidates, best first, after `rank`. */
  order = new Int32Array(256)
  private isRanked = false

  constructor(index: SessionIndex, weights: Float64Array = startWeights()) {
    this.index = index
    this.gathering = new Gathering(index)
    this.features = new Features(this.gathering)
    this.weights = weights
  }

  /** Candidates of the last question. */
  get count(): number {
    return this.gathering.candidates.count
  }

  /** Scores all candidates; a session of which no item is known gets the popular ones in their order. Returns how many. */
  predict(running: RunningSession, candidatesMin = 0): number {
    this.gathering.gather(running, candidatesMin)
    this.isRanked = this.gathering.own.count > 0
    if (this.isRanked) {
      this.features.fill(running)
      this.scorer.score(this.features, this.count, this.weights)
    } else {
      this.scorer.reserve(this.count)
      for (let i = 0; i < this.count; i++) this.scorer.scores[i] = -i
    }
    return this.count
  }

  /** The best `wanted` candidates into `order`; equal scores by number of events, then by smaller id. Returns how many. */
  rank(wanted: number): number {
    const depth = Math.min(wanted, this.count)
    if (this.order.length < depth) this.order = new Int32Array(depth * 2)
    const { order } = this
    let kept = 0
    for (let candidate = 0; candidate < this.count; candidate++) {
      if (kept === depth && !this.isBefore(candidate, order[depth - 1])) continue
      let i = kept < depth ? kept++ : depth - 1
      for (; i > 0 && this.isBefore(candidate, order[i - 1]); i--) order[i] = order[i - 1]
      order[i] = candidate
    }
    return kept
  }

  /** Item number of a candidate. */
  itemAt(candidate: number): number {
    const { candidates, evidence } = this.gathering
    return evidence.rows[candidates.rows[candidate] + rowItem]
  }

  scoreAt(candidate: number): number {
    return this.scorer.scores[candidate]
  }

  /** −1: not among the candidates. */
  placeOf(item: number): number {
    for (let i = 0; i < this.count; i++) if (this.itemAt(i) === item) return i
    return -1
  }

  /** Whether something can be learned from what comes next: popular items alone have no features. */
  get isLearnable(): boolean {
    return this.isRanked
  }

  /** Rank of a candidate by score, from 1. */
  rankOf(candidate: number): number {
    let rank = 1
    for (let other = 0; other < this.count; other++) if (other !== candidate && this.isBefore(other, candidate)) rank++
    return rank
  }

  /** Its rank in the fixed blend. */
  fixedRankOf(candidate: number): number {
    const { base, rows } = this.gathering.candidates
    let rank = 1
    for (let other = 0; other < this.count; other++) {
      if (base[other] > base[candidate]) rank++
      else if (base[other] === base[candidate] && other !== candidate) {
        if (this.gathering.precedes(rows[other], rows[candidate])) rank++
      }
    }
    return rank
  }

  private isBefore(a: number, b: number): boolean {
    const { scores } = this.scorer
    if (scores[a] !== scores[b]) return scores[a] > scores[b]
    const { candidates } = this.gathering
    return this.gathering.precedes(candidates.rows[a], candidates.rows[b])
  }
}
