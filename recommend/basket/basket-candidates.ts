import { decay } from '../decay.ts'
import { BestOf } from '../session-index/best-of.ts'
import { longer } from '../session-index/longer.ts'
import { type BasketIndex, ringBaskets, shortHalfLifeS } from './basket-index.ts'
import type { CustomerHistory } from './customer-history.ts'

const ownMax = 250
const popularMax = 100
const neighbourMax = 100
/** The customer's strongest items, whose baskets are read. */
const seedsMax = 25
const basketsBetween = 100
const secondsBetween = 60
/** What fewer people ordered together would tell of one of them (Calandrino et al. 2011). */
const peopleMin = 3

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
  /** What the baskets say of an item, before its own frequency is taken out; by item. */
  sums = new Float64Array(1024)
  private stamps = new Int32Array(1024)
  private stamp = 0
  /** People whose baskets speak for an item, up to `peopleMin`; the first two by number. */
  private people = new Uint8Array(1024)
  private firstPeople = new Int32Array(1024)
  private secondPeople = new Int32Array(1024)
  private touched = new Int32Array(1024)
  private touchedCount = 0
  private readonly best = new BestOf()
  private readonly popular: number[] = []
  private popularTold = -1
  private popularTimeS = Number.NEGATIVE_INFINITY

  constructor(index: BasketIndex) {
    this.index = index
  }

  clear(): void {
    this.count = 0
  }

  gather(history: CustomerHistory, timeS: number): void {
    this.begin()
    const seeds = this.addOwn(history)
    this.refreshPopular(timeS)
    for (const item of this.popular) this.add(item, -1)
    this.touchedCount = 0
    for (let i = 0; i < seeds; i++) this.readBaskets(history.items[this.own[i]], history.frequencies[this.own[i]])
    this.addNeighbours()
  }

  /** item-kNN: a basket of many items, and an item of many baskets, say less. */
  scoreOf(item: number): number {
    return this.sums[item] / Math.sqrt(this.index.orders[item] + 20)
  }

  /** Whether baskets of others speak for a candidate. */
  hasEvidence(candidate: number): boolean {
    return this.people[this.items[candidate]] >= peopleMin
  }

  private begin(): void {
    const items = this.index.ids.count
    this.stamp++
    this.count = 0
    if (items <= this.stamps.length) return
    this.stamps = longer(this.stamps, items)
    this.sums = longer(this.sums, this.stamps.length)
    this.touched = longer(this.touched, this.stamps.length)
    this.firstPeople = longer(this.firstPeople, this.stamps.length)
    this.secondPeople = longer(this.secondPeople, this.stamps.length)
    this.people = new Uint8Array(this.stamps.length)
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
    this.meet(item)
    this.append(item, own)
  }

  private meet(item: number): void {
    this.stamps[item] = this.stamp
    this.sums[item] = 0
    this.people[item] = 0
    this.firstPeople[item] = -1
    this.secondPeople[item] = -1
  }

  private append(item: number, own: number): void {
    if (this.count === this.items.length) {
      this.items = longer(this.items, this.count + 1)
      this.own = longer(this.own, this.items.length)
    }
    this.items[this.count] = item
    this.own[this.count++] = own
  }

  private readBaskets(seed: number, frequency: number): void {
    const { index } = this
    const baskets = index.basketsWith(seed)
    const oldest = Math.max(0, baskets.length - ringBaskets)
    const read = baskets.length - oldest
    const weight = frequency / Math.sqrt(index.orders[seed] + 20) / Math.sqrt(read + 1)
    for (let i = baskets.length - 1; i >= oldest; i--) {
      const { items, person } = baskets[i]
      const share = weight / Math.sqrt(items.length + 5)
      for (const item of items) if (item !== seed) this.addShare(item, share, person)
    }
  }

  private addShare(item: number, share: number, person: number): void {
    const { sums, people } = this
    if (this.stamps[item] !== this.stamp) {
      this.meet(item)
      this.touched[this.touchedCount++] = item
    }
    sums[item] += share
    if (people[item] >= peopleMin || person === this.firstPeople[item] || person === this.secondPeople[item]) return
    if (people[item] === 0) this.firstPeople[item] = person
    else this.secondPeople[item] = person
    people[item]++
  }

  private addNeighbours(): void {
    const { best, touched, touchedCount } = this
    let count = 0
    best.reserve(touchedCount)
    for (let i = 0; i < touchedCount; i++) {
      if (this.people[touched[i]] < peopleMin) continue
      best.keys[count] = this.scoreOf(touched[i])
      best.tags[count++] = touched[i]
    }
    best.chooseInOrder(count, neighbourMax, (a, b) => a < b)
    for (let i = 0; i < Math.min(count, neighbourMax); i++) this.append(best.tags[i], -1)
  }

  /** Looks at every item, about 25 ns each: news is in it after a minute or 100 orders. */
  private refreshPopular(timeS: number): void {
    const { index, best, popular } = this
    const news = index.told - this.popularTold
    if (news === 0 || (news < basketsBetween && Math.abs(timeS - this.popularTimeS) < secondsBetween)) return
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
