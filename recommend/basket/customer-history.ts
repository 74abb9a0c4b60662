import { longer } from '../session-index/longer.ts'
import type { KeptBasket } from './basket-log.ts'

/** What is kept of an order dates back this much less with every order after it (TIFU-kNN: Hu et al. 2020). */
const fading = 0.7
/** Lines of a history that are looked at, the newest orders first: an answer stays within a millisecond. */
const linesMax = 10_000

/** What one customer has ordered, item by item, newest first; its arrays are used again for the next customer. */
export class CustomerHistory {
  orders = 0
  count = 0
  items = new Int32Array(256)
  counts = new Int32Array(256)
  /** Orders since the item's newest one. */
  ordersAgo = new Int32Array(256)
  /** Of the item's newest order. */
  times = new Float64Array(256)
  /** Decayed frequency: Σ 0.7^(orders ago). */
  frequencies = new Float64Array(256)
  private places = new Int32Array(256)
  private stamps = new Int32Array(256)
  private stamp = 0

  /** `baskets` oldest first; `items`: how many items there are at all. */
  read(baskets: readonly KeptBasket[], items: number): void {
    this.stamps = longer(this.stamps, items)
    this.places = longer(this.places, this.stamps.length)
    this.stamp++
    this.count = 0
    this.orders = 0
    let strength = 1
    let lines = 0
    for (let i = baskets.length - 1; i >= 0 && lines < linesMax; i--) {
      for (const item of baskets[i].items) this.add(item, baskets[i].timeS, strength)
      lines += baskets[i].items.length
      strength *= fading
      this.orders++
    }
  }

  private add(item: number, timeS: number, strength: number): void {
    if (this.stamps[item] === this.stamp) {
      const place = this.places[item]
      this.counts[place]++
      this.frequencies[place] += strength
      return
    }
    if (this.count === this.items.length) this.grow()
    const place = this.count++
    this.stamps[item] = this.stamp
    this.places[item] = place
    this.items[place] = item
    this.counts[place] = 1
    this.frequencies[place] = strength
    this.ordersAgo[place] = this.orders
    this.times[place] = timeS
  }

  private grow(): void {
    const room = this.count * 2
    this.items = longer(this.items, room)
    this.counts = longer(this.counts, room)
    this.ordersAgo = longer(this.ordersAgo, room)
    this.times = longer(this.times, room)
    this.frequencies = longer(this.frequencies, room)
  }
}
