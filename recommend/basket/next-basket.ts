import { decay } from '../decay.ts'
import { logOfCount, naturalLog } from '../session-index/exact-maths.ts'
import { BasketCandidates, type CandidateOptions } from './basket-candidates.ts'
import { type BasketIndex, longHalfLifeS, shortHalfLifeS } from './basket-index.ts'
import type { KeptBasket } from './basket-log.ts'
import { BasketRanker, basketFeatures } from './basket-ranker.ts'
import { CustomerHistory } from './customer-history.ts'

const day = 86_400
const anything = () => true

/** What will this customer order next? The answer stands in its fields until the next question. */
export class NextBasket {
  readonly index: BasketIndex
  readonly candidates: BasketCandidates
  /** Of the customer last asked about. */
  readonly history = new CustomerHistory()
  readonly ranker = new BasketRanker()
  /** Candidates, best first, after `rank`. */
  order = new Int32Array(256)
  private x = new Float64Array(1024 * basketFeatures)

  constructor(index: BasketIndex, options?: CandidateOptions) {
    this.index = index
    this.candidates = new BasketCandidates(index, options)
  }

  /** Scores what a customer may order at this time. Returns how many candidates there are: 0 for one who has not ordered. */
  predict(customer: string, timeS: number): number {
    return this.predictFrom(this.index.basketsOf(customer), timeS)
  }

  /** By these orders, oldest first. */
  predictFrom(baskets: readonly KeptBasket[], timeS: number): number {
    const { candidates, history, index } = this
    history.read(baskets, index.ids.count)
    candidates.clear()
    if (history.orders === 0) return 0
    candidates.gather(history, timeS)
    if (candidates.count * basketFeatures > this.x.length)
      this.x = new Float64Array(candidates.count * 2 * basketFeatures)
    for (let i = 0; i < candidates.count; i++) {
      const own = candidates.own[i]
      this.addItem(i, { timeS, own: own >= 0 })
      if (own >= 0) this.addOwn(i * basketFeatures, { own, timeS })
    }
    this.ranker.score(this.x, candidates.count)
    return candidates.count
  }

  /** Of the candidates, row by row, after `predict`. */
  get features(): Float64Array {
    return this.x
  }

  /**
   * The best `wanted` candidates that `isWanted` into `order`; equal scores by number of orders, then by smaller id. Returns
   * how many.
   */
  rank(wanted: number, isWanted: (candidate: number) => boolean = anything): number {
    const { count } = this.candidates
    const depth = Math.min(wanted, count)
    if (this.order.length < depth) this.order = new Int32Array(depth * 2)
    const { order } = this
    let kept = 0
    for (let candidate = 0; candidate < count; candidate++) {
      if (kept === depth && !this.isBefore(candidate, order[depth - 1])) continue
      if (!isWanted(candidate)) continue
      let i = kept < depth ? kept++ : depth - 1
      for (; i > 0 && this.isBefore(candidate, order[i - 1]); i--) order[i] = order[i - 1]
      order[i] = candidate
    }
    return kept
  }

  /** After `predict`, with what was really ordered. */
  learn(ordered: ReadonlySet<number>): void {
    const { candidates } = this
    this.ranker.learn(this.x, candidates.count, candidate => ordered.has(candidates.items[candidate]))
  }

  /** Features that do not ask whose item it is; those of own items are set to 0. */
  private addItem(candidate: number, { timeS, own }: { timeS: number; own: boolean }): void {
    const { x, index, candidates } = this
    const at = candidate * basketFeatures
    const item = candidates.items[candidate]
    const age = Math.max(0, timeS - index.times[item])
    const together = own || candidates.hasEvidence(candidate) ? candidates.scoreOf(item) * 100 : 0
    for (let f = 0; f < basketFeatures; f++) x[at + f] = 0
    if (together > 0) {
      x[at + 5] = 0.5 * naturalLog(1 + together * 30)
      x[at + 6] = naturalLog(1 + together * 2)
    }
    x[at + 7] = 0.5 * naturalLog(1 + index.popularity[item] * decay(age, shortHalfLifeS))
    x[at + 8] = 0.5 * naturalLog(1 + index.longPopularity[item] * decay(age, longHalfLifeS))
    x[at + 9] = 0.3 * logOfCount(1 + Math.max(0, index.orders[item]))
    x[at + 14] = 0.3 * naturalLog(1 + age / day)
    x[at + (own ? 10 : 12)] = this.reorderRate(item)
  }

  private addOwn(at: number, { own, timeS }: { own: number; timeS: number }): void {
    const { x, history } = this
    const count = history.counts[own]
    x[at] = naturalLog(1 + history.frequencies[own] * 10)
    x[at + 1] = 1
    x[at + 2] = logOfCount(count)
    x[at + 3] = naturalLog(count / history.orders) + 2
    x[at + 4] = history.ordersAgo[own] === 0 ? 1 : 0
    x[at + 11] = 0.3 * naturalLog(1 + Math.max(0, timeS - history.times[own]) / day)
    x[at + 13] = logOfCount(history.orders)
  }

  private reorderRate(item: number): number {
    const { reorders, orders } = this.index
    return logOfCount(Math.max(0, reorders[item]) + 1) - logOfCount(Math.max(0, orders[item]) + 5) + 1.5
  }

  private isBefore(a: number, b: number): boolean {
    const { scores } = this.ranker
    if (scores[a] !== scores[b]) return scores[a] > scores[b]
    const [first, second] = [this.candidates.items[a], this.candidates.items[b]]
    const more = this.index.orders[first] - this.index.orders[second]
    return more !== 0 ? more > 0 : this.index.ids.precedes(first, second)
  }
}
