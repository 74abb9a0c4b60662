import { days } from '../engine/index.ts'
import type { Basket } from '../schemas/act.ts'
import type { BasketStep } from '../schemas/basket-step.ts'
import { hashOf } from './hash.ts'

/** By then late lines, returns and cancellations have mostly come. What changes later does not reach who learns from it. */
export const settledMs = days(7)

/** What is learned from a basket as it stands; null: there is nothing in it. */
export function stepOf({ person, is_user, ts, counts, lines }: Basket): BasketStep | null {
  const items = new Set<string>()
  if (counts) for (const { product_id, qty } of lines) if (qty > 0) items.add(product_id)
  return items.size === 0 ? null : { customer: is_user ? hashOf(person).toString(36) : null, ts, items: [...items] }
}
