import type { OrderedAs } from './basket/known-orders.ts'
import type { Blend } from './blend-weights.ts'
import type { Customer } from './order-index.ts'
import type { PairTotals } from './pair-totals.ts'
import type { VisitSoFar } from './visit-steps.ts'

/** Items with scores, best first. */
export interface ItemList {
  readonly items: Int32Array
  readonly scores: Float32Array
}

/** What people did with an item and others, by the item's number. Scores are shares of those with the item. */
export interface Neighbours {
  /** null: nothing is known. */
  similarTo(item: number): { readonly viewed: ItemList; readonly bought: ItemList } | null
  companionsOf(item: number): ItemList | null
  readonly totals: PairTotals
  /** One read for the first `count` of `items`, where they are not at hand. */
  load(items: Int32Array, count: number): void
}

/** Shares of the largest, best first. */
export interface Liking {
  readonly groups: Int32Array
  readonly shares: Float32Array
}

/** What is known of a person, by numbers. Lists are newest first. */
export interface Profile {
  /** null = unknown. */
  readonly consent: boolean | null
  readonly country: string | null
  /** Orders they may be known by. */
  readonly orders: number
  /** Nothing of up to then may be used. −Infinity: they never asked for that. */
  readonly knownFrom: number
  /** Ids that were merged into theirs. */
  readonly others: readonly OrderedAs[]
  readonly categories: Liking
  readonly brands: Liking
  readonly priceBands: Liking
  readonly seen: TimedItems
  readonly bought: TimedItems & {
    /** How often, by place in the list. */
    readonly counts: Int32Array
  }
  readonly dismissed: TimedItems
}

export interface TimedItems {
  readonly items: Int32Array
  readonly times: Float64Array
}

export const seedsMax = 8

/** The items that evidence starts from, and how much each counts; used again for every answer. */
export class Seeds {
  count = 0
  readonly items = new Int32Array(seedsMax)
  /** For what others viewed, or bought in the end. */
  readonly viewWeights = new Float64Array(seedsMax)
  /** For what others bought together with it. */
  readonly basketWeights = new Float64Array(seedsMax)

  add(item: number, viewWeight: number, basketWeight: number): void {
    if (item < 0 || this.count >= seedsMax || this.has(item)) return
    this.items[this.count] = item
    this.viewWeights[this.count] = viewWeight
    this.basketWeights[this.count++] = basketWeight
  }

  has(item: number): boolean {
    for (let i = 0; i < this.count; i++) if (this.items[i] === item) return true
    return false
  }
}

/** Everything one answer depends on besides the shop. */
export interface Ask {
  blend: Blend
  now: number
  limit: number
  /** The product looked at, or what is in the cart, newest first; by number, unknown ones left out. */
  asked: number[]
  /** This visit, or what stands in for it, newest first; without `asked`. */
  recent: number[]
  /** Whether an item of `recent` was bought. */
  recentBought: boolean[]
  /** What the session index is asked about; null: it is not asked. */
  visit: VisitSoFar | null
  profile: Profile | null
  /** Whose next order the list may follow; null: nobody's. */
  customer: Customer | null
  maxPerCategory: number | null
  /** The deadline has passed: only what is cheap. */
  isLate: boolean
}
