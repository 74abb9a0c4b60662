import { BasketIndex } from '../../recommend/basket/basket-index.ts'
import { BasketLearner } from '../../recommend/basket/basket-learner.ts'
import { NextBasket } from '../../recommend/basket/next-basket.ts'
import { settledMs } from '../../schemas/basket-step.ts'
import type { BasketMethod, BasketQuestion } from './basket-method.ts'
import type { Basket } from './read-baskets.ts'

/**
 * What serving and learning run for an e-mail: every order is in the index at once, the learner hears of it a week later,
 * and answers are ordered by the weights that the learner has published.
 */
export class NextOrder implements BasketMethod {
  private readonly next = new NextBasket(new BasketIndex())
  private readonly learner: BasketLearner
  private readonly observed: Basket[] = []
  private settled = 0

  /** One basket in `oneIn` is learned. */
  constructor(oneIn: number) {
    this.learner = new BasketLearner({ oneIn })
  }

  advance(timeS: number): void {
    const settledS = timeS - settledMs / 1000
    while (this.settled < this.observed.length && this.observed[this.settled].timeS <= settledS) {
      const { id, customer, items, timeS } = this.observed[this.settled]
      this.learner.take(id, { customer, items: [...items], timeS }, this.settled++)
      const learned = this.learner.learn(() => undefined)
      if (learned) this.next.ranker.weights.set(learned.published.weights)
    }
  }

  answer({ customer, timeS }: BasketQuestion, wanted: number): string[] {
    const { next } = this
    next.predict(customer, timeS)
    const count = next.rank(wanted)
    return Array.from(next.order.subarray(0, count), place => next.index.ids.ids[next.candidates.items[place]])
  }

  observe(basket: Basket): void {
    const { id, customer, items, timeS } = basket
    this.observed.push(basket)
    this.next.index.put(id, { customer, items: [...items], timeS })
  }
}
