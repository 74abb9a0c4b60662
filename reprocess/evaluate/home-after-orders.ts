import { isSampled, targetWeights } from '../../recommend/blend/session-learner.ts'
import { ItemIds } from '../../recommend/session-index/item-ids.ts'
import type { RetrievalParameters } from '../../recommend/session-index/parameters.ts'
import { standIn } from '../../recommend/visit-steps.ts'
import type { BasketMethod, BasketQuestion } from './basket-method.ts'
import { LiveIndex } from './live-index.ts'
import type { Basket } from './read-baskets.ts'

interface Bought {
  item: number
  timeS: number
}

/**
 * What home shows to a customer who has just come: the session index, asked about what the customer bought last, which
 * stands in for a visit that is empty. Where there are no visits, orders are the sessions it knows, line by line.
 */
export class HomeAfterOrders implements BasketMethod {
  private readonly ids = new ItemIds()
  private readonly live: LiveIndex
  private readonly oneIn: number
  /** Of each customer the newest items, newest last. */
  private readonly bought = new Map<string, Bought[]>()
  private lines = 0

  /** One line in `oneIn` is learned. */
  constructor(baskets: readonly Basket[], { parameters, oneIn }: { parameters: RetrievalParameters; oneIn: number }) {
    for (const { items } of baskets) for (const item of items) this.ids.add(item)
    this.live = new LiveIndex(this.ids, parameters)
    this.oneIn = oneIn
  }

  answer({ customer, timeS }: BasketQuestion, wanted: number): string[] {
    const since = timeS - standIn.ageMaxMs / 1000
    const recent = (this.bought.get(customer) ?? []).filter(one => one.timeS >= since)
    const items = recent.map(({ item }) => item)
    const list = this.live.answer({ items, session: -1, firstStep: standIn.firstStep }, wanted)
    return Array.from(list, item => this.ids.ids[item])
  }

  observe({ customer, items, timeS }: Basket): void {
    const session = this.live.startSession(timeS)
    const lines = Array.from(items, id => this.ids.find(id))
    for (const item of lines) {
      const event = { session, item, timeS, weight: targetWeights.purchase, offset: this.lines++ }
      if (isSampled(event.offset, this.oneIn)) this.live.learn(event, false)
      this.live.observe(session, item, timeS)
    }
    if (customer !== null) this.remember(customer, lines, timeS)
  }

  private remember(customer: string, lines: readonly number[], timeS: number): void {
    const before = (this.bought.get(customer) ?? []).filter(({ item }) => !lines.includes(item))
    const now = [...before, ...lines.map(item => ({ item, timeS }))]
    this.bought.set(customer, now.slice(-standIn.itemsMax))
  }
}
