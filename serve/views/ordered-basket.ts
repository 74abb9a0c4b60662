import type { OrderedBasket } from '../../recommend/basket/basket-log.ts'
import { baskets } from '../../schemas/topics.ts'

/** What a row of `baskets` says of its order; null: it does not count. Who ordered without being a user is a guest. */
export function orderedBasket(bytes: Buffer): OrderedBasket | null {
  const { person, is_user, ts, counts, lines } = baskets.value.decode(bytes)
  if (!counts) return null
  const items = new Set<string>()
  for (const { product_id, qty } of lines) if (qty > 0) items.add(product_id)
  return { customer: is_user ? person : null, items: [...items], timeS: ts / 1000 }
}
