import type { Act } from '../schemas/act.ts'
import type { ItemId } from '../schemas/ids.ts'
import { changedPurchases } from './changed-purchases.ts'
import type { BasketChange } from './compare-baskets.ts'
import type { ItemInterest } from './open-interests.ts'

/** What acts say of a person's taste; as for the learner's targets, a purchase says three times what a view says. */
const worths: Partial<Record<Act['event_type'], number>> = { view: 1, click: 1, add_to_cart: 2 }
const purchaseWorth = 3

/** Null for acts that are no sign of liking. */
export function interestOfAct({ person, product_id, event_type, ts, undo }: Act) {
  const worth = worths[event_type]
  if (worth === undefined) return null
  return { key: product_id as ItemId, value: { person, worth: undo ? -worth : worth, ts } satisfies ItemInterest }
}

export function* interestInBought(change: BasketChange) {
  for (const [person, { gone, come, isUser }] of changedPurchases(change)) {
    if (!isUser) continue
    for (const { product_id, ts } of gone) {
      yield { key: product_id as ItemId, value: { person, worth: -purchaseWorth, ts } }
    }
    for (const { product_id, ts } of come) {
      yield { key: product_id as ItemId, value: { person, worth: purchaseWorth, ts } }
    }
  }
}
