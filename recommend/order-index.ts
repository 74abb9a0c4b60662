import type { BasketWeights } from '../schemas/views.ts'
import { BasketIndex } from './basket/basket-index.ts'
import type { OrderedBasket } from './basket/basket-log.ts'
import { weightCount } from './basket/basket-ranker.ts'
import { knownOrders, type OrderedAs } from './basket/known-orders.ts'
import { NextBasket } from './basket/next-basket.ts'
import { shopWide } from './candidate-set.ts'
import type { Catalog } from './catalog.ts'
import { LedBy } from './led-by.ts'
import { exponential } from './session-index/exact-maths.ts'
import type { Neighbours } from './visit.ts'

/** As in `VisitIndex`: a score lower by so much stands for a share of 1/e. */
const scoreScale = 2

/** A seed that names no item. */
export const seedless = { popular: shopWide, orderedTogether: -2 } as const

/** Who may be told what they will order next. */
export interface Customer {
  /** The customer's own, then those that were merged into it. */
  ids: readonly OrderedAs[]
}

/** Takes what a customer may order; numbers are the catalog's. */
export interface NextOrderSink {
  /** Whether the item may be in the list at all: only such items count as found. */
  takes(item: number): boolean
  /**
   * `share` of the best: above 0, at most 1. `seed`: the item itself where the customer has ordered it, else an item of theirs
   * that three people bought it with, or `seedless`.
   */
  take(item: number, share: number, seed: number): void
}

/** What will this customer order next? The orders as serving keeps them, under the catalog's numbers. */
export class OrderIndex {
  readonly index = new BasketIndex()
  /** Every order that was there at the start is in the index: answers from a part of them would be wrong ones. */
  isComplete = false
  /** Of the weights in use, as published; version 0: those that are fixed until something was learned. */
  basket: Omit<BasketWeights, 'weights'> = { version: 0, withheld: 0, lead: 0 }
  private readonly catalog: Catalog
  private readonly next = new NextBasket(this.index, { leads: item => this.leads(this.numberOf(item)) })
  private readonly ledBy: LedBy
  /** The catalog's number of each item; −1: it has none, as the catalog has too many strangers. */
  private readonly numbers: number[] = []

  constructor(catalog: Catalog, neighbours: Pick<Neighbours, 'companionsOf' | 'load'>) {
    this.catalog = catalog
    this.ledBy = new LedBy(neighbours)
  }

  /** Weights that no answer can be made with are left alone. Returns whether these are in use now. */
  use({ weights, ...basket }: BasketWeights): boolean {
    if (weights.length !== weightCount || !weights.every(Number.isFinite)) return false
    this.next.ranker.weights.set(weights)
    this.basket = basket
    return true
  }

  get version(): number {
    return this.basket.version
  }

  /** An order as it stands; null: there is none. */
  put(orderId: string, ordered: OrderedBasket | null): void {
    this.index.put(orderId, ordered)
  }

  /**
   * Tells `sink` the best `wanted` of what it takes, the best first; nothing for a customer who has not ordered, before
   * all orders have been read, and where only popularity speaks for anything: other sources know more.
   */
  find(customer: Customer, { now, wanted }: { now: number; wanted: number }, sink: NextOrderSink): void {
    const { next } = this
    if (!this.isComplete || next.predictFrom(knownOrders(this.index, customer.ids), now / 1000) === 0) return
    const count = next.rank(wanted, candidate => {
      const item = this.numberOf(next.candidates.items[candidate])
      return item >= 0 && sink.takes(item)
    })
    if (!this.isEvident(count)) return
    const best = next.ranker.scores[next.order[0]]
    this.findLeads()
    for (let place = 0; place < count; place++) {
      const candidate = next.order[place]
      const item = this.numberOf(next.candidates.items[candidate])
      const share = exponential((next.ranker.scores[candidate] - best) / scoreScale)
      if (share > 0) sink.take(item, share, this.seedOf(candidate, item))
    }
  }

  /** One of the first `count` in order was ordered by the customer, or goes with what they ordered. */
  private isEvident(count: number): boolean {
    const { order, candidates } = this.next
    for (let place = 0; place < count; place++) {
      if (candidates.own[order[place]] >= 0 || candidates.hasEvidence(order[place])) return true
    }
    return false
  }

  /** Items of sensitive categories lead nowhere. */
  private leads(item: number): boolean {
    return item < 0 || !this.catalog.isSensitive(item)
  }

  private findLeads(): void {
    const { candidates, history } = this.next
    this.ledBy.begin()
    for (let i = 0; i < candidates.count && candidates.own[i] >= 0; i++) {
      const item = this.numberOf(candidates.items[i])
      if (this.leads(item)) this.ledBy.offer(item, history.frequencies[candidates.own[i]])
    }
    this.ledBy.read()
  }

  private seedOf(candidate: number, item: number): number {
    const { candidates } = this.next
    if (candidates.own[candidate] >= 0) return item
    const isTogether = candidates.hasEvidence(candidate)
    return isTogether ? this.ledBy.leadTo(item) : seedless.popular
  }

  private numberOf(indexed: number): number {
    const { ids } = this.index.ids
    while (this.numbers.length <= indexed) this.numbers.push(this.catalog.intern(ids[this.numbers.length]))
    if (this.numbers[indexed] < 0) this.numbers[indexed] = this.catalog.items.find(ids[indexed])
    return this.numbers[indexed]
  }
}
