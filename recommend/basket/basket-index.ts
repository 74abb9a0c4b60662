import { decay } from '../decay.ts'
import { ItemIds } from '../session-index/item-ids.ts'
import { longer } from '../session-index/longer.ts'
import { CustomerHistory } from './customer-history.ts'

const day = 86_400
export const shortHalfLifeS = 7 * day
export const longHalfLifeS = 60 * day
/** Newest baskets of an item that say what is ordered with it. */
export const ringBaskets = 20
/** Larger baskets are a wholesaler's list, no evidence of what goes together. */
const basketItemsMax = 60
/** Items of a basket that count at all. */
const orderedMax = 1000

export interface BasketBounds {
  /** Baskets kept as evidence of what is ordered together; the oldest is forgotten first. */
  basketsMax: number
  /** Customers with a history; who has not ordered for longest is forgotten first. */
  customersMax: number
}

const defaultBounds: BasketBounds = { basketsMax: 2_000_000, customersMax: 1_000_000 }

/** Orders, one after the other: what each customer orders, what is ordered together, what is ordered at all. */
export class BasketIndex {
  readonly ids = new ItemIds()
  readonly customers = new Map<string, CustomerHistory>()
  now = 0
  /** Baskets ever seen: the next one's number. */
  baskets = 0
  orders = new Int32Array(256)
  /** Orders by customers who had ordered the item before. */
  reorders = new Int32Array(256)
  popularity = new Float64Array(256)
  longPopularity = new Float64Array(256)
  times = new Float64Array(256)
  private rings = new Int32Array(256 * ringBaskets)
  private ringCounts = new Int32Array(256)
  private readonly log = new Map<number, { items: Int32Array; timeS: number }>()
  private readonly bounds: BasketBounds

  constructor(bounds: BasketBounds = defaultBounds) {
    this.bounds = bounds
  }

  itemOf(id: string): number {
    const item = this.ids.add(id)
    if (item < this.orders.length) return item
    this.orders = longer(this.orders, item + 1)
    const room = this.orders.length
    this.reorders = longer(this.reorders, room)
    this.popularity = longer(this.popularity, room)
    this.longPopularity = longer(this.longPopularity, room)
    this.times = longer(this.times, room)
    this.ringCounts = longer(this.ringCounts, room)
    this.rings = longer(this.rings, room * ringBaskets)
    return item
  }

  /** `items`: distinct. `customer` null: a guest, whose basket still says what goes together. */
  observe(customer: string | null, ordered: readonly number[], timeS: number): void {
    const items = ordered.slice(0, orderedMax)
    const basket = this.baskets++
    this.now = Math.max(this.now, timeS)
    for (const item of items) this.count(item, timeS)
    this.log.set(basket, { items: Int32Array.from(items), timeS })
    if (this.log.size > this.bounds.basketsMax) this.forgetOldestBasket()
    if (items.length <= basketItemsMax) for (const item of items) this.pushToRing(item, basket)
    if (customer === null) return
    const history = this.customers.get(customer) ?? new CustomerHistory()
    history.add(basket, items, timeS, item => this.reorders[item]++)
    this.customers.delete(customer)
    this.customers.set(customer, history)
    if (this.customers.size <= this.bounds.customersMax) return
    for (const oldest of this.customers.keys()) {
      this.customers.delete(oldest)
      break
    }
  }

  /** Items of a basket; undefined: forgotten. */
  basketAt(basket: number): Int32Array | undefined {
    return this.log.get(basket)?.items
  }

  /** Numbers of the item's newest baskets, newest first, into `out`. Returns how many. */
  newestBaskets(item: number, out: Int32Array): number {
    const count = Math.min(this.ringCounts[item], ringBaskets)
    for (let i = 0; i < count; i++) {
      out[i] = this.rings[item * ringBaskets + ((this.ringCounts[item] - 1 - i) % ringBaskets)]
    }
    return count
  }

  /** Forgets a customer: the history, and what the baskets still kept had added to the items' counters. */
  erase(customer: string): void {
    const history = this.customers.get(customer)
    if (!history) return
    this.customers.delete(customer)
    for (let i = 0; i < history.count; i++) this.reorders[history.items[i]] -= history.counts[i] - 1
    for (const basket of history.baskets) {
      const logged = this.log.get(basket)
      if (!logged) continue
      for (const item of logged.items) this.uncount(item, logged.timeS)
      this.log.delete(basket)
    }
  }

  private count(item: number, timeS: number): void {
    this.orders[item]++
    const ahead = timeS - this.times[item]
    const { popularity, longPopularity } = this
    if (ahead >= 0) {
      popularity[item] = popularity[item] * decay(ahead, shortHalfLifeS) + 1
      longPopularity[item] = longPopularity[item] * decay(ahead, longHalfLifeS) + 1
      this.times[item] = timeS
    } else {
      popularity[item] += decay(-ahead, shortHalfLifeS)
      longPopularity[item] += decay(-ahead, longHalfLifeS)
    }
  }

  private uncount(item: number, timeS: number): void {
    this.orders[item]--
    const age = Math.max(0, this.times[item] - timeS)
    this.popularity[item] = Math.max(0, this.popularity[item] - decay(age, shortHalfLifeS))
    this.longPopularity[item] = Math.max(0, this.longPopularity[item] - decay(age, longHalfLifeS))
  }

  private pushToRing(item: number, basket: number): void {
    this.rings[item * ringBaskets + (this.ringCounts[item] % ringBaskets)] = basket
    this.ringCounts[item]++
  }

  private forgetOldestBasket(): void {
    for (const oldest of this.log.keys()) {
      this.log.delete(oldest)
      break
    }
  }
}
