import { processor, value } from '../engine/index.ts'
import type { Act } from '../schemas/act.ts'
import type { ItemId, PersonId } from '../schemas/ids.ts'
import type { UserRow } from '../schemas/tables.ts'
import type { UserFeatures } from '../schemas/views.ts'
import { addAffinity } from './affinity.ts'
import type { PersonPurchases } from './changed-purchases.ts'
import type { Taste } from './join-taste.ts'
import { withMergedId } from './merged-ids.ts'
import type { ForgottenInterest } from './open-interests.ts'
import { forgottenItems, type Handover, type UserChange } from './user-change.ts'
import {
  addHistory,
  cutLists,
  erase,
  featuresOf,
  isForgotten,
  nobody,
  noteNewest,
  type UserState,
  worthAt
} from './user-state.ts'
import { userStateCodec } from './user-state-codec.ts'

const handoversMax = 8

const state = { user: value(userStateCodec, { equality: { tolerance: 1e-3 } }) }

/**
 * What is known of a person: who they are, what they like, saw, bought and hid. A merged device hands on all of it; the items
 * of who is erased are told of that, and of the devices.
 */
export function foldUser() {
  return processor<PersonId, UserChange, PersonId | ItemId, Handover | ForgottenInterest, UserFeatures, typeof state>({
    name: 'fold-user',
    state,
    process({ key, value: change }, { user }, emit) {
      const known = user.get() ?? nobody()
      const ids = change.kind === 'erasure' ? [key, ...known.others.map(other => other.id)] : [key]
      for (const { id, until } of forgottenItems(known, change)) {
        for (const forgets of ids) emit(id as ItemId, { forgets, until })
      }
      const times = change.kind === 'handover' ? change.handover.times : 0
      apply(known, change, key)
      const { mergedInto, consent, country, forgottenUntil } = known
      if (mergedInto === null) {
        if (change.kind !== 'taste') cutLists(known)
        user.set(known)
        return
      }
      user.set({ ...nobody(), mergedInto, consent, country, forgottenUntil })
      if (known.asOf > 0 && times < handoversMax) {
        emit(mergedInto as PersonId, {
          history: {
            ...known,
            bought: known.bought.toJSON(),
            others: withMergedId(known.others, { id: key, since: forgottenUntil }),
            mergedInto: null
          },
          times: times + 1
        })
      }
    },
    view(_, { user }) {
      const known = user.get()
      return known && known.mergedInto === null && !isForgotten(known) ? featuresOf(known) : null
    }
  })
}

function apply(user: UserState, change: UserChange, self: PersonId): void {
  if (change.kind === 'row') describe(user, change.row)
  else if (change.kind === 'merge') user.mergedInto = change.merge.user_id
  else if (change.kind === 'erasure') erase(user, change.until)
  else if (user.consent === false) return
  else if (change.kind === 'handover') take(user, change.handover, self)
  else if (timeOf(change) > user.forgottenUntil) note(user, change)
}

/** What was on its way while its user was forgotten is forgotten as well. */
function take(user: UserState, { history }: Handover, self: PersonId): void {
  if (history.asOf > user.forgottenUntil) addHistory(user, history, self)
}

type Happened = UserChange & { kind: 'act' | 'purchases' | 'taste' }

function timeOf(change: Happened): number {
  return change.kind === 'act' ? change.act.ts : change.kind === 'taste' ? change.taste.ts : change.purchases.ts
}

function note(user: UserState, change: Happened): void {
  if (change.kind === 'act') act(user, change.act)
  else if (change.kind === 'taste') like(user, change.taste)
  else purchase(user, change.purchases)
}

/** Who withdraws consent is forgotten; when they give it again, only what happens from then on counts. */
function describe(user: UserState, row: UserRow | null): void {
  const consent = row?.consent_personalization ?? null
  if (row && (consent === false || user.consent === false)) {
    const { mergedInto } = user
    const forgottenUntil = Math.max(user.forgottenUntil, row.updated_at)
    Object.assign(user, nobody(), { mergedInto, forgottenUntil })
  }
  user.consent = consent
  user.country = row?.country ?? null
}

function act(user: UserState, { event_type, product_id, ts, undo }: Act): void {
  const worth = worthAt(user, ts)
  user.frequency += undo ? -worth : worth
  const times = event_type === 'dismiss' ? user.dismissed : user.seen
  if (!undo) noteNewest(times, product_id, ts)
  else if (times[product_id] === ts) delete times[product_id]
}

function purchase(user: UserState, { gone, come, ts, baskets }: PersonPurchases): void {
  worthAt(user, ts)
  for (const basket of baskets) {
    const worth = worthAt(user, basket.ts)
    user.frequency += basket.count * worth
    user.orders += basket.count
  }
  for (const { product_id, qty, price, ts: at } of gone) {
    user.monetary -= qty * price
    user.bought.takeBack(product_id, at)
  }
  for (const { product_id, qty, price, ts: at } of come) {
    user.monetary += qty * price
    user.bought.note(product_id, [at])
  }
}

function like(user: UserState, { category, brand, band, worth, ts }: Taste): void {
  const left = worth * worthAt(user, ts)
  if (category !== null) addAffinity(user.categories, category, left)
  if (brand !== null) addAffinity(user.brands, brand, left)
  if (band !== null) addAffinity(user.bands, String(band), left)
}
