import { decay } from '../decay.ts'
import { BestOf } from '../session-index/best-of.ts'
import { longer } from '../session-index/longer.ts'
import { type BasketIndex, ringBaskets, shortHalfLifeS } from './basket-index.ts'
import { Companions } from './companions.ts'
import type { CustomerHistory } from './customer-history.ts'

const ownMax = 250
const popularMax = 100
const neighbourMax = 100
/** The customer's strongest items, whose baskets are read. */
const seedsMax = 25
const basketsBetween = 100
const secondsBetween = 60

export interface CandidateOptions {
  /**
   * Orders told until the list of popular items is made again, as it is after a minute. 1: for every question, so that
   * answers depend on nothing but the orders.
   */
  popularEvery?: number
  /** Whether an own item, by number, may lead to others; default: each may. */
  leads?: (item: number) => boolean
}

/**
 * What a customer may order next: own items, items ordered together with the strongest of them (item-kNN over live
 * baskets), and what is popular. Its scratch is used again for the next customer.
 */
export class BasketCandidates {
  readonly index: BasketIndex
  count = 0
  items = new Int32Array(1024)
  /** Place in the customer's history per candidate; −1: new to the customer. */
  own = new Int32Array(1024)
  private readonly companions = new Companions()
  /** Of each seed's baskets; 0: it leads nowhere. */
  private readonly weights = new Float64Array(seedsMax)
  private stamps = new Int32Array(1024)
  private stamp = 0
  private readonly popularEvery: number
  private readonly leads: (item: number) => boolean
  private readonly best = new BestOf()
  private readonly popular: number[] = []
  private popularTold = -1
  private popularTimeS = Number.NEGATIVE_INFINITY

  constructor(index: BasketIndex, { popularEvery = basketsBetween, leads = () => true }: CandidateOptions = {}) {
    this.index = index
    this.popularEvery = popularEvery
    this.leads = leads
  }

  clear(): void {
    this.count = 0
  }

  gather(history: CustomerHistory, timeS: number): void {
    this.begin()
    const seeds = this.addOwn(history)
    this.refreshPopular(timeS)
    for (const item of this.popular) this.add(item, -1)
    this.readBaskets(history, seeds)
    this.addNeighbours()
  }

  /** item-kNN: a basket of many items, and an item of many baskets, say less. */
  scoreOf(item: number): number {
    return this.companions.sumOf(item) / Math.sqrt(this.index.orders[item] + 20)
  }

  /** Whether three people's baskets speak for a candidate. */
  hasEvidence(candidate: number): boolean {
    return this.companions.isSpokenFor(this.items[candidate])
  }

  private begin(): void {
    const items = this.index.ids.count
    this.stamp++
    this.count = 0
    this.stamps = longer(this.stamps, items)
    this.companions.begin(items)
  }

  /** The strongest own items, the seeds first. Returns how many are seeds. */
  private addOwn(history: CustomerHistory): number {
    const { best, index } = this
    best.reserve(history.count)
    for (let i = 0; i < history.count; i++) {
      best.keys[i] = history.frequencies[i]
      best.tags[i] = i
    }
    const precedes = (a: number, b: number) => {
      const [first, second] = [history.items[a], history.items[b]]
      const more = index.orders[first] - index.orders[second]
      return more !== 0 ? more > 0 : index.ids.precedes(first, second)
    }
    const kept = Math.min(history.count, ownMax)
    best.chooseInOrder(history.count, ownMax, precedes)
    best.chooseInOrder(kept, seedsMax, precedes)
    for (let i = 0; i < kept; i++) this.add(history.items[best.tags[i]], best.tags[i])
    return Math.min(kept, seedsMax)
  }

  private add(item: number, own: number): void {
    if (this.stamps[item] === this.stamp) return
    this.stamps[item] = this.stamp
    this.companions.reset(item)
    this.append(item, own)
  }

  private append(item: number, own: number): void {
    if (this.count === this.items.length) {
      this.items = longer(this.items, this.count + 1)
      this.own = longer(this.own, this.items.length)
    }
    this.items[this.count] = item
    this.own[this.count++] = own
  }

  private readBaskets(history: CustomerHistory, seeds: number): void {
    const { companions, index, weights } = this
    for (let i = 0; i < seeds; i++) {
      weights[i] = this.leads(this.items[i]) ? this.weightOf(i, history) : 0
      if (weights[i] > 0) companions.add(index.basketsWith(this.items[i]), weights[i])
    }
    companions.read()
    for (let i = 0; i < seeds; i++) {
      if (weights[i] > 0) companions.takeBack(this.items[i], index.basketsWith(this.items[i]), weights[i])
    }
  }

  /** What each basket with a seed counts: less where there are many. */
  private weightOf(seed: number, history: CustomerHistory): number {
    const item = this.items[seed]
    const read = Math.min(ringBaskets, this.index.basketsWith(item).length)
    return history.frequencies[this.own[seed]] / Math.sqrt(this.index.orders[item] + 20) / Math.sqrt(read + 1)
  }

  private addNeighbours(): void {
    const { best, index, companions } = this
    let count = 0
    best.reserve(companions.foundCount)
    for (let i = 0; i < companions.foundCount; i++) {
      const item = companions.found[i]
      if (this.stamps[item] === this.stamp) continue
      best.keys[count] = this.scoreOf(item)
      best.tags[count++] = item
    }
    best.chooseInOrder(count, neighbourMax, (a, b) => index.ids.precedes(a, b))
    for (let i = 0; i < Math.min(count, neighbourMax); i++) this.append(best.tags[i], -1)
  }

  /** Looks at every item, about 25 ns each: news is in it after a minute or 100 orders. */
  private refreshPopular(timeS: number): void {
    const { index, best, popular } = this
    const news = index.told - this.popularTold
    const isRecent = news < this.popularEvery && Math.abs(timeS - this.popularTimeS) < secondsBetween
    if (this.popularEvery > 1 && (news === 0 || isRecent)) return
    this.popularTold = index.told
    this.popularTimeS = timeS
    const items = index.ids.count
    let count = 0
    best.reserve(items)
    for (let item = 0; item < items; item++) {
      if (index.orders[item] === 0) continue
      best.keys[count] = index.popularity[item] * decay(Math.max(0, timeS - index.times[item]), shortHalfLifeS)
      best.tags[count++] = item
    }
    best.chooseInOrder(count, popularMax, (a, b) => index.ids.precedes(a, b))
    popular.length = 0
    for (let i = 0; i < Math.min(count, popularMax); i++) popular.push(best.tags[i])
  }
}
