import { days } from '../engine/index.ts'
import { decay } from '../recommend/decay.ts'
import type { UserFeatures } from '../schemas/views.ts'
import { type Affinities, addAffinity, scaleAffinities, shownAffinities } from './affinity.ts'
import { type Bought, BoughtItems } from './bought-items.ts'
import { joinedIds, type MergedId, shownIds } from './merged-ids.ts'

const halfLifeMs = days(30)
const bounds = { seen: 100, bought: 200, dismissed: 200 }
/** Frequency is published in steps of this. */
const steps = 1_000
const neverForgotten = Number.MIN_SAFE_INTEGER

/** What is known of one person. Sums are decayed to `asOf`, the newest time heard of. */
export interface UserState {
  asOf: number
  consent: boolean | null
  country: string | null
  categories: Affinities
  brands: Affinities
  bands: Affinities
  frequency: number
  orders: number
  monetary: number
  seen: Record<string, number>
  bought: BoughtItems
  dismissed: Record<string, number>
  /** Nothing of up to then is kept: consent was withdrawn, or the person erased. */
  forgottenUntil: number
  /** Ids that were merged into this one, ≤ 8. */
  others: MergedId[]
  /** All this belongs to another user now. */
  mergedInto: string | null
}

/** The same as plain data, for another user. */
export type UserHistory = Omit<UserState, 'bought' | 'others'> & {
  bought: Record<string, Bought>
  /** The id it comes from among them; not there in what an older release handed over. */
  others?: MergedId[]
}

export function nobody(): UserState {
  return {
    asOf: 0,
    consent: null,
    country: null,
    categories: {},
    brands: {},
    bands: {},
    frequency: 0,
    orders: 0,
    monetary: 0,
    seen: {},
    bought: new BoughtItems(),
    dismissed: {},
    forgottenUntil: neverForgotten,
    others: [],
    mergedInto: null
  }
}

/** Somebody who was forgotten, and of whom nothing was heard since. */
export function isForgotten({ asOf, consent, country, forgottenUntil }: UserState): boolean {
  return forgottenUntil > neverForgotten && asOf === 0 && consent === null && country === null
}

/** What is left at `asOf` of something that happened at `ts`, after moving `asOf` on if that is newer. */
export function worthAt(user: UserState, ts: number): number {
  if (ts > user.asOf) {
    const factor = decay(ts - user.asOf, halfLifeMs)
    for (const affinities of [user.categories, user.brands, user.bands]) scaleAffinities(affinities, factor)
    user.frequency *= factor
    user.asOf = ts
  }
  return decay(user.asOf - ts, halfLifeMs)
}

export function noteNewest(times: Record<string, number>, id: string, ts: number): void {
  times[id] = Object.hasOwn(times, id) ? Math.max(times[id], ts) : ts
}

/** Lists above twice their bound lose the oldest; ties by id. */
export function cutLists(user: UserState): void {
  user.seen = newest(user.seen, bounds.seen)
  user.bought.cut(bounds.bought)
  user.dismissed = newest(user.dismissed, bounds.dismissed)
}

/** Adds what another id's history says to that of `self`; what it is called and where it lives stays its own. */
export function addHistory(user: UserState, other: UserHistory, self: string): void {
  const ours = worthAt(user, other.asOf)
  for (const list of ['categories', 'brands', 'bands'] as const) {
    for (const [name, sum] of Object.entries(other[list])) addAffinity(user[list], name, sum * ours)
  }
  user.frequency += other.frequency * ours
  user.orders += other.orders
  user.monetary += other.monetary
  for (const [id, ts] of Object.entries(other.seen)) noteNewest(user.seen, id, ts)
  for (const [id, ts] of Object.entries(other.dismissed)) noteNewest(user.dismissed, id, ts)
  for (const [id, { times, count }] of Object.entries(other.bought)) user.bought.note(id, times, count - times.length)
  user.others = joinedIds(user.others, other.others ?? [], { self, forgottenUntil: user.forgottenUntil })
}

export function featuresOf(user: UserState): UserFeatures {
  return {
    as_of: user.asOf,
    consent: user.consent,
    country: user.country,
    categories: shownAffinities(user.categories),
    brands: shownAffinities(user.brands),
    price_bands: shownAffinities(user.bands),
    recency: user.asOf,
    frequency: Math.max(0, Math.round(user.frequency * steps) / steps),
    orders: user.orders,
    known_from: user.forgottenUntil === neverForgotten ? null : user.forgottenUntil,
    others: shownIds(user.others, neverForgotten),
    monetary: Math.round(user.monetary * 100) / 100,
    seen: listed(user.seen, bounds.seen),
    bought: user.bought.newest(bounds.bought),
    dismissed: listed(user.dismissed, bounds.dismissed)
  }
}

function listed(times: Record<string, number>, count: number) {
  return newestFirst(times, count).map(([product_id, ts]) => ({ product_id, ts }))
}

function newest(times: Record<string, number>, count: number): Record<string, number> {
  return Object.keys(times).length <= count * 2 ? times : Object.fromEntries(newestFirst(times, count))
}

function newestFirst(times: Record<string, number>, count: number): [string, number][] {
  return Object.entries(times)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, count)
}

/** Nothing stays but that it was asked for, and a refusal: the shop's row says the rest when it comes again. */
export function erase(user: UserState, until: number): void {
  if (user.forgottenUntil >= until) return
  const consent = user.consent === false ? false : null
  Object.assign(user, nobody(), { consent, forgottenUntil: until })
}

/** Everything they are known to have seen or bought. */
export function itemsOf({ seen, bought }: UserState): Set<string> {
  return new Set([...Object.keys(seen), ...Object.keys(bought.toJSON())])
}
