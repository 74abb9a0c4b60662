import { days, jsonCodec } from '../engine/index.ts'
import { decay } from '../recommend/decay.ts'
import type { UserFeatures } from '../schemas/views.ts'
import { type Affinities, addAffinity, scaleAffinities, shownAffinities } from './affinity.ts'

const halfLifeMs = days(30)
const timesMax = 8
const bounds = { seen: 100, bought: 200, dismissed: 200 }
/** Frequency is published in steps of this. */
const steps = 1_000

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
  /** Newest times first, ≤ 8, so that the last one can be taken back. */
  bought: Record<string, { times: number[]; count: number }>
  dismissed: Record<string, number>
  /** Nothing of up to then is kept: consent was withdrawn, or the person erased. */
  forgottenUntil: number
  /** All this belongs to another user now. */
  mergedInto: string | null
}

export const userStateCodec = jsonCodec<UserState>()

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
    bought: {},
    dismissed: {},
    forgottenUntil: Number.MIN_SAFE_INTEGER,
    mergedInto: null
  }
}

/** Somebody who was forgotten, and of whom nothing was heard since. */
export function isForgotten({ asOf, consent, country, forgottenUntil }: UserState): boolean {
  return forgottenUntil > Number.MIN_SAFE_INTEGER && asOf === 0 && consent === null && country === null
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

export function noteBought(user: UserState, id: string, ts: number): void {
  const { times, count } = boughtOf(user, id)
  user.bought[id] = { times: [...times, ts].sort((a, b) => b - a).slice(0, timesMax), count: count + 1 }
}

export function takeBack(user: UserState, id: string, ts: number): void {
  const { times, count } = boughtOf(user, id)
  const at = times.indexOf(ts)
  if (count <= 1) delete user.bought[id]
  else user.bought[id] = { times: at < 0 ? times : times.toSpliced(at, 1), count: count - 1 }
}

function boughtOf({ bought }: UserState, id: string): { times: number[]; count: number } {
  return Object.hasOwn(bought, id) ? bought[id] : { times: [], count: 0 }
}

/** Lists above twice their bound lose the oldest; ties by id. */
export function cutLists(user: UserState): void {
  user.seen = newest(user.seen, bounds.seen, ts => ts)
  user.bought = newest(user.bought, bounds.bought, lastOf)
  user.dismissed = newest(user.dismissed, bounds.dismissed, ts => ts)
}

/** Adds what another id's history says; what it is called and where it lives stays its own. */
export function addHistory(user: UserState, other: UserState): void {
  const ours = worthAt(user, other.asOf)
  for (const list of ['categories', 'brands', 'bands'] as const) {
    for (const [name, sum] of Object.entries(other[list])) addAffinity(user[list], name, sum * ours)
  }
  user.frequency += other.frequency * ours
  user.orders += other.orders
  user.monetary += other.monetary
  for (const [id, ts] of Object.entries(other.seen)) noteNewest(user.seen, id, ts)
  for (const [id, ts] of Object.entries(other.dismissed)) noteNewest(user.dismissed, id, ts)
  for (const [id, { times, count }] of Object.entries(other.bought)) {
    for (const ts of times) noteBought(user, id, ts)
    user.bought[id].count += count - times.length
  }
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
    monetary: Math.round(user.monetary * 100) / 100,
    seen: listed(user.seen, bounds.seen),
    bought: newestFirst(Object.entries(user.bought), lastOf)
      .slice(0, bounds.bought)
      .map(([product_id, { times, count }]) => ({ product_id, ts: times[0] ?? 0, count })),
    dismissed: listed(user.dismissed, bounds.dismissed)
  }
}

const lastOf = ({ times }: { times: number[] }) => times[0] ?? 0

function listed(times: Record<string, number>, count: number) {
  return newestFirst(Object.entries(times), ts => ts)
    .slice(0, count)
    .map(([product_id, ts]) => ({ product_id, ts }))
}

function newest<T>(rows: Record<string, T>, count: number, tsOf: (row: T) => number): Record<string, T> {
  const entries = Object.entries(rows)
  return entries.length <= count * 2 ? rows : Object.fromEntries(newestFirst(entries, tsOf).slice(0, count))
}

function newestFirst<T>(entries: [string, T][], tsOf: (row: T) => number): [string, T][] {
  return entries.sort((a, b) => tsOf(b[1]) - tsOf(a[1]) || (a[0] < b[0] ? -1 : 1))
}
