import type { Act, Merge } from '../schemas/act.ts'
import type { UserRow } from '../schemas/tables.ts'
import type { PersonPurchases } from './changed-purchases.ts'
import type { Taste } from './join-taste.ts'
import { itemsOf, type UserHistory, type UserState } from './user-state.ts'

/** History that goes to another user. `times`: how often it has been handed on, so that a ring of merges ends. */
export interface Handover {
  history: UserHistory
  times: number
}

export type UserChange =
  | { kind: 'row'; row: UserRow | null }
  | { kind: 'act'; act: Act }
  | { kind: 'purchases'; purchases: PersonPurchases }
  | { kind: 'taste'; taste: Taste }
  | { kind: 'merge'; merge: Merge }
  | { kind: 'handover'; handover: Handover }
  | { kind: 'erasure'; until: number }

/**
 * Items that may know the person although what happened is forgotten: at an erasure all that the profile names, later those
 * of what was still on its way, as of baskets that are taken back.
 */
export function* forgottenItems(user: UserState, change: UserChange): Generator<{ id: string; until: number }> {
  const until = change.kind === 'erasure' ? change.until : user.forgottenUntil
  if (change.kind === 'erasure') for (const id of itemsOf(user)) yield { id, until }
  else if (change.kind === 'act' && change.act.ts <= until) yield { id: change.act.product_id, until }
  else if (change.kind === 'purchases' && change.purchases.ts <= until) {
    for (const { product_id: id } of [...change.purchases.gone, ...change.purchases.come]) yield { id, until }
  }
}
