import type { Basket } from '../schemas/act.ts'
import type { BasketStep } from '../schemas/basket-step.ts'
import { hashOf, secondHashOf } from './hash.ts'

/** What is learned from a basket as it stands; null: there is nothing in it. */
export function stepOf({ person, is_user, ts, counts, lines }: Basket): BasketStep | null {
  const items = new Set<string>()
  if (counts) for (const { product_id, qty } of lines) if (qty > 0) items.add(product_id)
  return items.size === 0 ? null : { customer: is_user ? customerOf(person) : null, ts, items: [...items] }
}

/** 64 bits: of a million customers two share a history by chance in one shop of 37 million. */
function customerOf(person: string): string {
  return `${(hashOf(person) >>> 0).toString(36)}-${(secondHashOf(person) >>> 0).toString(36)}`
}
