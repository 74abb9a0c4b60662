import type { Act } from '../../schemas/act.ts'
import type { Interaction } from '../../schemas/interaction.ts'
import type { OrderItemRow, OrderRow, ProductRow } from '../../schemas/tables.ts'
import type { Arrival } from './traffic.ts'

/**
 * What should come out, from the raw records all at once and in plain code: no state, no corrections, `2 **` for decay.
 * It shares nothing with the processors.
 */

const minute = 60_000
export const dayMs = 86_400_000
const worths: Record<string, number> = { view: 1, click: 1, add_to_cart: 2, purchase: 3 }
const strength = ['view', 'click', 'add_to_cart', 'purchase']

export interface OracleTouch {
  person: string
  isUser: boolean
  item: string
  type: string
  ts: number
  organic: boolean
}

export interface OracleBasket {
  id: string
  person: string
  ts: number
  counts: boolean
  lines: { item: string; qty: number; price: number }[]
}

const of = (arrivals: readonly Arrival[], topic: string) => arrivals.filter(arrival => arrival.topic.name === topic)

export function admitted(arrivals: readonly Arrival[]): Interaction[] {
  const byId = new Map<string, Interaction>()
  for (const { value } of of(arrivals, 'interactions')) if (!byId.has(value.event_id)) byId.set(value.event_id, value)
  return [...byId.values()].filter(({ context }) => context.internal !== true)
}

/** Who each act counts for in the end. */
export function attributed(
  arrivals: readonly Arrival[]
): Pick<Act, 'person' | 'user_id' | 'product_id' | 'event_type' | 'ts'>[] {
  const events = admitted(arrivals)
  return events
    .filter(({ event_type }) => event_type !== 'remove_from_cart' && event_type !== 'impression')
    .map(event => {
      const user_id = event.user_id ?? ownerOf(event, events)
      return {
        person: user_id ?? (event.session_id as string),
        user_id,
        product_id: event.product_id as string,
        event_type: event.event_type,
        ts: event.ts
      }
    })
}

function ownerOf({ session_id, ts }: Interaction, events: readonly Interaction[]): string | null {
  const links = events.filter(event => event.session_id === session_id && event.user_id !== null)
  const users = [...new Set(links.map(({ user_id }) => user_id as string))]
  const stays = users.flatMap(user =>
    chains(
      links.filter(({ user_id }) => user_id === user).map(link => link.ts),
      30 * minute
    ).map(times => ({ user, from: times[0], to: times[times.length - 1] }))
  )
  stays.sort((a, b) => a.from - b.from)
  const present = stays.filter(stay => stay.from <= ts && ts <= stay.to + 30 * minute).at(-1)
  const next = stays.find(stay => stay.from > ts && stay.from <= ts + 30 * dayMs)
  return (present ?? next)?.user ?? null
}

/** Sorted times, parted where more than `gap` lies between two. */
function chains(times: number[], gap: number): number[][] {
  const parts: number[][] = []
  for (const time of times.sort((a, b) => a - b)) {
    const last = parts.at(-1)
    if (last && time - last[last.length - 1] <= gap) last.push(time)
    else parts.push([time])
  }
  return parts
}

/** Orders as they stand at the end. */
export function ordersOf(arrivals: readonly Arrival[]): OracleBasket[] {
  const rows = new Map<string, OrderRow>()
  const isGone = new Map<string, boolean>()
  for (const { key, value } of of(arrivals, 'orders')) {
    isGone.set(key, value === null)
    if (value) rows.set(key, value)
  }
  const last = new Map<string, OrderItemRow>()
  for (const { value } of of(arrivals, 'order-items')) last.set(`${value.order_id} ${value.product_id}`, value)
  const lines = groupBy([...last.values()], ({ order_id }) => order_id)
  return [...rows.values()].map(row => ({
    id: row.order_id,
    person: row.user_id,
    ts: row.order_ts,
    counts: row.status === 'placed' && !isGone.get(row.order_id),
    lines: (lines.get(row.order_id) ?? []).map(line => ({
      item: line.product_id,
      qty: line.deleted ? 0 : Math.max(0, line.qty - line.returned_qty),
      price: line.price ?? 0
    }))
  }))
}

export function purchasesIn(baskets: readonly OracleBasket[]) {
  return baskets
    .filter(basket => basket.counts)
    .flatMap(({ person, ts, lines }) => lines.filter(({ qty }) => qty > 0).map(line => ({ person, ts, ...line })))
}

/** Everything that counts as a touch, with purchases from orders. */
export function touchesOf(arrivals: readonly Arrival[]): OracleTouch[] {
  const causes = new Map(
    admitted(arrivals).map(event => [`${event.ts} ${event.product_id}`, event.context.recommendation_id])
  )
  const acted = attributed(arrivals)
    .filter(({ event_type }) => event_type in worths && event_type !== 'purchase')
    .map(({ person, user_id, product_id, event_type, ts }) => ({
      person,
      isUser: user_id !== null,
      item: product_id,
      type: event_type,
      ts,
      organic: causes.get(`${ts} ${product_id}`) === undefined
    }))
  const bought = purchasesIn(ordersOf(arrivals)).map(({ person, item, ts }) => ({
    person,
    isUser: true,
    item,
    type: 'purchase',
    ts,
    organic: true
  }))
  return [...acted, ...bought]
}

/** When each item was heard of, counting or not. */
export function heardOf(arrivals: readonly Arrival[]): Map<string, number[]> {
  const heard = new Map<string, number[]>()
  const hear = (item: string, ts: number) => void heard.set(item, [...(heard.get(item) ?? []), ts])
  for (const { item, ts } of touchesOf(arrivals)) hear(item, ts)
  for (const { ts, lines } of ordersOf(arrivals)) for (const { item } of lines) hear(item, ts)
  return heard
}

export const dayOf = (ts: number) => Math.floor(ts / dayMs) * dayMs
export const left = (elapsed: number, halfLife: number) => 2 ** (-elapsed / halfLife)
export const worthOf = (type: string) => worths[type]

/** Each person's day with an item: the strongest act, at its last time. */
export function personDays(touches: readonly OracleTouch[]): OracleTouch[] {
  const best = new Map<string, OracleTouch>()
  for (const touch of touches) {
    const key = `${touch.person} ${touch.item} ${dayOf(touch.ts)}`
    const other = best.get(key)
    const isBetter =
      !other ||
      worthOf(touch.type) > worthOf(other.type) ||
      (worthOf(touch.type) === worthOf(other.type) && touch.ts > other.ts)
    if (isBetter) best.set(key, touch)
  }
  return [...best.values()]
}

export interface OraclePair {
  person: string
  item: string
  other: string
  day: number
  kind: 'together' | 'bought'
}

/** Pairs of one sitting, each once per person and day. */
export function pairsOf(touches: readonly OracleTouch[]): OraclePair[] {
  const pairs = new Map<string, OraclePair>()
  const add = (pair: OraclePair) => void pairs.set(JSON.stringify(pair), pair)
  for (const person of new Set(touches.map(touch => touch.person))) {
    const own = touches.filter(touch => touch.person === person).sort(inOrder)
    let first = 0
    for (const [i, touch] of own.entries()) {
      while (own[first].ts < touch.ts - 30 * minute) first++
      const before = own.slice(first, i).filter(other => other.item !== touch.item)
      const others = [...new Set(before.map(other => other.item).reverse())].slice(0, 20)
      const day = dayOf(touch.ts)
      for (const other of others) {
        add({ person, item: touch.item, other, day, kind: 'together' })
        add({ person, item: other, other: touch.item, day, kind: 'together' })
        const wasLookedAt = before.some(one => one.item === other && one.type !== 'purchase')
        if (touch.type === 'purchase' && wasLookedAt)
          add({ person, item: other, other: touch.item, day, kind: 'bought' })
      }
    }
  }
  return [...pairs.values()]
}

function inOrder(a: OracleTouch, b: OracleTouch): number {
  return (
    a.ts - b.ts || (a.item < b.item ? -1 : a.item > b.item ? 1 : strength.indexOf(a.type) - strength.indexOf(b.type))
  )
}

/** The row in force at `ts`, else the first one. */
export function rowAt(arrivals: readonly Arrival[], item: string, ts: number): ProductRow | null {
  const rows = of(arrivals, 'products').filter(({ key, value }) => key === item && value !== null)
  return (rows.filter(({ value }) => value.updated_at <= ts).at(-1) ?? rows[0])?.value ?? null
}

export function groupBy<T>(list: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  return Map.groupBy(list, keyOf)
}
