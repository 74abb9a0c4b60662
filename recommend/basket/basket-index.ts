import { decay } from '../decay.ts'
import { ItemIds } from '../session-index/item-ids.ts'
import { longer } from '../session-index/longer.ts'
import {
  type BasketBounds,
  BasketLog,
  insertInOrder,
  type KeptBasket,
  type OrderedBasket,
  removeFrom
} from './basket-log.ts'

const day = 86_400
export const shortHalfLifeS = 7 * day
export const longHalfLifeS = 60 * day
/** Newest baskets of an item that say what is ordered with it. */
export const ringBaskets = 20
/** A few more are kept, for when one of them is taken back. */
const ringMax = 32
/** Larger baskets are a wholesaler's list, no evidence of what goes together. */
const basketItemsMax = 60
/**
 * An item's sums are set back by so much by division, which makes rounding 16 times as large; beyond it they are added up
 * anew. That is rare: an item whose newest order is taken back while the one before is more than four weeks older.
 */
const backMaxS = 28 * day
/** Items of a basket that count at all. */
const orderedMax = 1000

/** 20 million lines are 80 MB: with more than 40 lines an order on average, fewer than 500,000 orders are kept. */
const defaultBounds: BasketBounds = { basketsMax: 500_000, linesMax: 20_000_000, perCustomerMax: 200 }

/**
 * Orders by id: what each customer orders, what is ordered together, what is ordered at all. An order may be told again,
 * changed or taken back, and orders may come in any sequence: the index is that of the orders as they stand. But for
 * rounding in sums that decay, and for an item more than twelve of whose newest baskets were taken back. Numbers of items
 * are never given back: each costs 0.2 KB for as long as the index lives, also when no order has the item any more.
 */
export class BasketIndex {
  readonly ids = new ItemIds()
  /** Told so far, changes included. */
  told = 0
  orders = new Int32Array(256)
  /** Orders of the item by customers who have others with it, less one per customer. */
  reorders = new Int32Array(256)
  popularity = new Float64Array(256)
  longPopularity = new Float64Array(256)
  /** Of the item's newest order, 0: none, to which the two before have decayed. */
  times = new Float64Array(256)
  private stamps = new Int32Array(256)
  private stamp = 0
  private readonly rings: KeptBasket[][] = []
  /** The newest of those that are too large for the rings, by item: they only say when it was ordered. */
  private readonly large = new Map<number, KeptBasket[]>()
  /** Items whose newest order was taken out by what is being put. */
  private readonly shortened: number[] = []
  private readonly log: BasketLog

  constructor(bounds: Partial<BasketBounds> = {}) {
    this.log = new BasketLog({ ...defaultBounds, ...bounds })
  }

  get baskets(): number {
    return this.log.count
  }

  has(id: string): boolean {
    return this.log.has(id)
  }

  /** Oldest first; empty for a customer who is not known. */
  basketsOf(customer: string): readonly KeptBasket[] {
    return this.log.basketsOf(customer)
  }

  /** The newest baskets with the item, oldest first: `ringBaskets`, and some before them. */
  basketsWith(item: number): readonly KeptBasket[] {
    return this.rings[item]
  }

  itemOf(id: string): number {
    const item = this.ids.add(id)
    if (item === this.rings.length) this.rings.push([])
    if (item < this.orders.length) return item
    this.orders = longer(this.orders, item + 1)
    const room = this.orders.length
    this.reorders = longer(this.reorders, room)
    this.popularity = longer(this.popularity, room)
    this.longPopularity = longer(this.longPopularity, room)
    this.times = longer(this.times, room)
    this.stamps = longer(this.stamps, room)
    return item
  }

  /** null, or no items: there is no such order any more. */
  put(id: string, ordered: OrderedBasket | null): void {
    this.told++
    this.forget(id)
    if (ordered !== null && ordered.items.length > 0) this.add(id, ordered)
    // Only now: most orders that are told again still have what they had, at the same time.
    for (const item of this.shortened) this.setBack(item)
    this.shortened.length = 0
  }

  private add(id: string, ordered: OrderedBasket): void {
    const items = Int32Array.from(ordered.items.slice(0, orderedMax), item => this.itemOf(item))
    const { customer, timeS } = ordered
    const basket = this.log.add({ id, customer, timeS, items })
    this.addReorders(basket, 1)
    for (const item of items) this.count(item, basket)
    for (let old = this.log.surplus(customer); old; old = this.log.surplus(customer)) this.forget(old.id)
  }

  private forget(id: string): void {
    const basket = this.log.remove(id)
    if (!basket) return
    this.addReorders(basket, -1)
    for (const item of basket.items) {
      const age = Math.max(0, this.times[item] - basket.timeS)
      this.orders[item]--
      this.popularity[item] = Math.max(0, this.popularity[item] - decay(age, shortHalfLifeS))
      this.longPopularity[item] = Math.max(0, this.longPopularity[item] - decay(age, longHalfLifeS))
      removeFrom(this.ringOf(item, basket), basket)
      if (basket.timeS === this.times[item]) this.shortened.push(item)
    }
  }

  /** Where the newest order of the item is gone: its time is that of the one before, and what has decayed is as at that time. */
  private setBack(item: number): void {
    const { popularity, longPopularity, times } = this
    const newest = Math.max(0, this.newestTimeOf(item))
    const back = times[item] - newest
    if (back <= 0) return
    times[item] = newest
    if (back <= backMaxS && this.orders[item] > 0) {
      popularity[item] /= decay(back, shortHalfLifeS)
      longPopularity[item] /= decay(back, longHalfLifeS)
      return
    }
    popularity[item] = 0
    longPopularity[item] = 0
    for (const basket of this.basketsHaving(item)) {
      const age = Math.abs(newest - basket.timeS)
      popularity[item] += decay(age, shortHalfLifeS)
      longPopularity[item] += decay(age, longHalfLifeS)
    }
  }

  private newestTimeOf(item: number): number {
    const small = this.rings[item].at(-1)?.timeS ?? Number.NEGATIVE_INFINITY
    const newest = Math.max(small, this.large.get(item)?.at(-1)?.timeS ?? Number.NEGATIVE_INFINITY)
    if (newest > Number.NEGATIVE_INFINITY || this.orders[item] === 0) return newest
    return this.basketsHaving(item).reduce((last, { timeS }) => Math.max(last, timeS), Number.NEGATIVE_INFINITY)
  }

  /** Where more have it than are kept by item, looks at all there are: up to a few hundred ms at 20 million lines. */
  private basketsHaving(item: number): readonly KeptBasket[] {
    const kept = [...this.rings[item], ...(this.large.get(item) ?? [])]
    if (kept.length === this.orders[item]) return kept
    return [...this.log.all()].filter(({ items }) => items.includes(item))
  }

  private ringOf(item: number, { items }: KeptBasket): KeptBasket[] {
    if (items.length <= basketItemsMax) return this.rings[item]
    let ring = this.large.get(item)
    if (ring === undefined) {
      ring = []
      this.large.set(item, ring)
    }
    return ring
  }

  private count(item: number, basket: KeptBasket): void {
    const { popularity, longPopularity, times } = this
    const ahead = basket.timeS - times[item]
    this.orders[item]++
    if (ahead >= 0) {
      popularity[item] = popularity[item] * decay(ahead, shortHalfLifeS) + 1
      longPopularity[item] = longPopularity[item] * decay(ahead, longHalfLifeS) + 1
      times[item] = basket.timeS
    } else {
      popularity[item] += decay(-ahead, shortHalfLifeS)
      longPopularity[item] += decay(-ahead, longHalfLifeS)
    }
    const ring = this.ringOf(item, basket)
    insertInOrder(ring, basket)
    if (ring.length > ringMax) ring.shift()
  }

  /** Of the basket's items, those that another basket of the customer has as well: looks at all of them, ≤ 200. */
  private addReorders(basket: KeptBasket, change: 1 | -1): void {
    if (basket.customer === null) return
    const { stamps, reorders } = this
    this.stamp++
    for (const item of basket.items) stamps[item] = this.stamp
    for (const other of this.basketsOf(basket.customer)) {
      if (other === basket) continue
      for (const item of other.items) {
        if (stamps[item] !== this.stamp) continue
        stamps[item] = 0
        reorders[item] += change
      }
    }
  }
}
