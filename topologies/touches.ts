import { from, type Rec } from '../engine/index.ts'
import { changedPurchases } from '../processors/changed-purchases.ts'
import { compareBaskets } from '../processors/compare-baskets.ts'
import { erasureAt, touchesOfPurchases, touchOfAct } from '../processors/person-day.ts'
import type { Act } from '../schemas/act.ts'
import type { PersonId } from '../schemas/ids.ts'
import { baskets } from '../schemas/topics.ts'

/** What a person looked at or put into the cart; what they bought comes from `baskets` alone. */
export function touchActed({ key, value, timestamp }: Rec<PersonId, Act | null>) {
  if (value === null) return { key, value: erasureAt(timestamp) }
  const touch = value.event_type === 'purchase' ? null : touchOfAct(value)
  return touch && { key, value: touch }
}

/** What people bought, by person. */
export function touchesBought() {
  return from(baskets)
    .process(compareBaskets())
    .map('bought-by-person', ({ value }) =>
      [...changedPurchases(value)].map(([person, purchases]) => ({
        key: person as PersonId,
        value: touchesOfPurchases(purchases)
      }))
    )
}
