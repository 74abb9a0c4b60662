import { isSampled } from '../blend/session-learner.ts'
import { BasketIndex } from './basket-index.ts'
import type { OrderedBasket } from './basket-log.ts'
import { BasketRanker, weightCount } from './basket-ranker.ts'
import { NextBasket } from './next-basket.ts'

/** Of the baskets, one in so many is learned: learning costs as much as an answer. */
export const learnedBasketsOneIn = 3
/** Newly learned weights are looked at, and published if they are fit, every so many steps. */
const stepsBetweenChecks = 8
/** A prediction counts this much in the lead; those before it count less with every one. */
const leadShare = 1 / 1000
/** Newest baskets that are learned with: some 30 MB, and at most 16 MB of lines. */
const bounds = { basketsMax: 100_000, linesMax: 4_000_000 }

/** What has been learned, to go on exactly where it was, together with the index as of the same basket. */
export interface LearnedBaskets {
  weights: Float64Array
  squares: Float64Array
  steps: number
  skipped: number
  published: { weights: Float64Array; version: number; withheld: number; lead: number }
  lead: number
}

interface ComingBasket {
  id: string
  ordered: OrderedBasket
  /** Place in the log: decides, by a fixed hash, whether the basket is learned. */
  offset: number
}

/**
 * Predict, then learn what was really ordered: the one sequential consumer that the weights of the next basket come from.
 * A basket is evidence once the next one comes.
 */
export class BasketLearner {
  /** Popular items anew for every question, so that nothing depends on when it was started. */
  readonly next = new NextBasket(new BasketIndex(bounds), { popularEvery: 1 })
  private readonly fixed = new BasketRanker()
  private coming: ComingBasket | null = null
  private published = { weights: this.fixed.weights.slice(), version: 0, withheld: 0, lead: 0 }
  private lead = 0
  private isRestored = false
  private readonly oneIn: number

  constructor({ oneIn = learnedBasketsOneIn }: { oneIn?: number } = {}) {
    this.oneIn = oneIn
  }

  /** Every basket in order of offset; null: it is to be forgotten. */
  take(id: string, ordered: OrderedBasket | null, offset: number): void {
    const { index } = this.next
    if (this.coming) index.put(this.coming.id, this.coming.ordered)
    this.coming = ordered === null ? null : { id, ordered, offset }
    if (ordered === null) index.put(id, null)
  }

  /** Learns from the basket taken last. `saved`: called once, for what was learned before. Null: nothing to learn from it. */
  learn(saved: () => LearnedBaskets | undefined): LearnedBaskets | null {
    this.restore(saved)
    if (!this.coming || !this.isTarget(this.coming)) return null
    const { ordered, offset } = this.coming
    const { next } = this
    const { ranker } = next
    const before = ranker.steps + ranker.skipped
    next.predict(ordered.customer as string, ordered.timeS)
    const items = new Set(ordered.items.map(item => next.index.itemOf(item)))
    const gain = this.gainOver(items)
    next.learn(items)
    if (ranker.steps + ranker.skipped === before) return null
    this.lead += (gain - this.lead) * leadShare
    if (ranker.steps % stepsBetweenChecks === 0) this.check(offset + 1)
    const { weights, squares, skipped } = ranker
    return { weights, squares, steps: ranker.steps, skipped, published: this.published, lead: this.lead }
  }

  /** Not told before, of a customer who is known, not older than what is known of them, and in the sample. */
  private isTarget({ id, ordered: { customer, timeS }, offset }: ComingBasket): boolean {
    const { index } = this.next
    if (customer === null || index.has(id) || !isSampled(offset, this.oneIn)) return false
    const newest = index.basketsOf(customer).at(-1)
    return newest !== undefined && newest.timeS <= timeS
  }

  /** 1/place of the first item that was ordered, less that by the fixed weights; 0 where none was a candidate. */
  private gainOver(ordered: ReadonlySet<number>): number {
    const { next, fixed } = this
    fixed.score(next.features, next.candidates.count)
    const learned = this.placeOfFirst(next.ranker.scores, ordered)
    return learned === 0 ? 0 : 1 / learned - 1 / this.placeOfFirst(fixed.scores, ordered)
  }

  private placeOfFirst(scores: Float64Array, ordered: ReadonlySet<number>): number {
    const { items, count } = this.next.candidates
    let best = Number.NEGATIVE_INFINITY
    for (let i = 0; i < count; i++) if (ordered.has(items[i]) && scores[i] > best) best = scores[i]
    if (best === Number.NEGATIVE_INFINITY) return 0
    let place = 1
    for (let i = 0; i < count; i++) if (scores[i] > best) place++
    return place
  }

  private check(version: number): void {
    const { weights } = this.next.ranker
    const isFit = this.lead >= 0 && weights.every(Number.isFinite)
    const { published, lead } = this
    this.published = isFit
      ? { weights: weights.slice(), version, withheld: 0, lead }
      : { ...published, withheld: published.withheld + 1, lead }
  }

  private restore(saved: () => LearnedBaskets | undefined): void {
    if (this.isRestored) return
    this.isRestored = true
    const learned = saved()
    if (!learned || learned.weights.length !== weightCount) return
    this.next.ranker.restore(learned)
    this.published = { ...learned.published, weights: Float64Array.from(learned.published.weights) }
    this.lead = learned.lead
  }
}
