import type { Basket } from './read-baskets.ts'

export interface BasketQuestion {
  customer: string
  timeS: number
}

/** Something that says what a customer orders next. */
export interface BasketMethod {
  /** Time goes on to that of the next basket. */
  advance?(timeS: number): void
  /** Ids of at most `wanted` items, best first. */
  answer(question: BasketQuestion, wanted: number): string[]
  /** A basket, after it was predicted, in order of time. */
  observe(basket: Basket): void
}
