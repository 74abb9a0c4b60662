import { longer } from '../session-index/longer.ts'
import { ringBaskets } from './basket-index.ts'
import type { KeptBasket } from './basket-log.ts'
import { NumberPlaces } from './number-places.ts'

/** What fewer people ordered together would tell of one of them (Calandrino et al. 2011). */
const peopleMin = 3
/** In place of a number of people: enough. */
const enough = -1
/** Baskets of one question: 25 items with 20 each. */
const basketsMax = 512

/**
 * What the baskets with some items say of every item in them: a sum of shares, and whether three people speak for it.
 * A basket with several of the items is read once, and those of one person one after the other, so that people are
 * counted by comparing with the one before. The loops over lines have no branch that depends on what they read: an
 * answer reads some 8,000 lines, and mispredicted branches took three times as long as the sums.
 */
export class Companions {
  /** Items that three people speak for, in no order. */
  found = new Int32Array(1024)
  foundCount = 0
  /**
   * 16 bytes per item: the sum as a double, then two integers, how many people speak for it and the last of them. Of items
   * in no basket that was read, and not `reset`, they are those of an earlier question.
   */
  private sums = new Float64Array(2048)
  private people = new Int32Array(this.sums.buffer)
  private lines = 0
  private readonly baskets: KeptBasket[] = []
  private readonly weights = new Float64Array(basketsMax)
  private readonly places = new NumberPlaces(basketsMax)
  private readonly persons = new NumberPlaces(basketsMax)
  /** Each person's first and last basket so far, and for each basket the next one of the same person: places. */
  private readonly first = new Int32Array(basketsMax)
  private readonly last = new Int32Array(basketsMax)
  private readonly next = new Int32Array(basketsMax)

  /** `items`: how many there are at all. */
  begin(items: number): void {
    this.baskets.length = 0
    this.lines = 0
    this.foundCount = 0
    this.places.clear()
    this.persons.clear()
    if (items * 2 <= this.sums.length) return
    this.sums = longer(this.sums, items * 2)
    this.people = new Int32Array(this.sums.buffer)
    this.found = longer(this.found, this.sums.length / 2 + 1)
  }

  /** Nothing speaks for the item until a basket does. */
  reset(item: number): void {
    this.sums[item * 2] = 0
    this.people[item * 4 + 2] = 0
  }

  /** Of an item that was `reset` or is in a basket, as `isSpokenFor`. */
  sumOf(item: number): number {
    return this.sums[item * 2]
  }

  isSpokenFor(item: number): boolean {
    return this.people[item * 4 + 2] === enough
  }

  /** The newest of `baskets` (oldest first), each of which gives `weight`, less where it is large, to all of its items. */
  add(baskets: readonly KeptBasket[], weight: number): void {
    const oldest = Math.max(0, baskets.length - ringBaskets)
    for (let i = baskets.length - 1; i >= oldest; i--) {
      const place = this.places.placeOf(baskets[i].number)
      if (place === this.baskets.length) this.append(baskets[i])
      this.weights[place] += weight
    }
  }

  /** Reads what was added. */
  read(): void {
    const { baskets } = this
    if (this.lines * 2 > this.sums.length) this.sums.fill(0)
    else for (let i = 0; i < baskets.length; i++) this.clear(baskets[i].items)
    for (let person = 0; person < this.persons.count; person++) this.sumUp(person)
    for (let i = 0; i < baskets.length; i++) this.collect(baskets[i].items)
    baskets.length = 0
  }

  /** Takes back from an item what the baskets that were added on its own account gave to it. */
  takeBack(item: number, baskets: readonly KeptBasket[], weight: number): void {
    const oldest = Math.max(0, baskets.length - ringBaskets)
    let own = 0
    for (let i = baskets.length - 1; i >= oldest; i--) own += weight * shareOf(baskets[i])
    this.sums[item * 2] = Math.max(0, this.sums[item * 2] - own)
  }

  private append(basket: KeptBasket): void {
    const place = this.baskets.push(basket) - 1
    const known = this.persons.count
    const person = this.persons.placeOf(basket.person)
    if (person === known) this.first[person] = place
    else this.next[this.last[person]] = place
    this.last[person] = place
    this.next[place] = -1
    this.weights[place] = 0
    this.lines += basket.items.length
  }

  private clear(items: Int32Array): void {
    const { sums, people } = this
    for (let i = 0; i < items.length; i++) {
      sums[items[i] * 2] = 0
      people[items[i] * 4 + 2] = 0
      people[items[i] * 4 + 3] = 0
    }
  }

  private sumUp(person: number): void {
    const { sums, people } = this
    const name = person + 1
    for (let place = this.first[person]; place >= 0; place = this.next[place]) {
      const basket = this.baskets[place]
      const { items } = basket
      const share = this.weights[place] * shareOf(basket)
      for (let i = 0; i < items.length; i++) {
        const at = items[i] * 4
        const change = people[at + 3] ^ name
        sums[items[i] * 2] += share
        people[at + 2] += (change | -change) >>> 31
        people[at + 3] = name
      }
    }
  }

  /** What is not found is overwritten by the next one, so `found` has room for one more. */
  private collect(items: Int32Array): void {
    const { people, found } = this
    let count = this.foundCount
    for (let i = 0; i < items.length; i++) {
      const at = items[i] * 4 + 2
      const isFound = (peopleMin - 1 - people[at]) >> 31
      found[count] = items[i]
      count -= isFound
      people[at] |= isFound
    }
    this.foundCount = count
  }
}

function shareOf({ items }: KeptBasket): number {
  return 1 / Math.sqrt(items.length + 5)
}
