import { days } from '../engine/time.ts'

/** By then late lines, returns and cancellations have mostly come. What changes later in an order does not reach who learns from it. */
export const settledMs = days(7)

/**
 * A basket as it stood a week after it was ordered, for who learns from baskets; one made of events is told again when more
 * comes to it or a person in it is erased. Topic `basket-steps`, key as in `baskets`;
 * a tombstone where its person is erased. It names nobody, but who knows a user's id can compute the hash.
 */
export interface BasketStep {
  /** A hash (64 bits) of whose it is, so that their baskets belong together; null: of no user. */
  customer: string | null
  /** When it was ordered; epoch ms. */
  ts: number
  /** What was bought, each product once. */
  items: string[]
}
