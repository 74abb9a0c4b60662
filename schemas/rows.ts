import { poison } from '../engine/errors.ts'
import {
  id,
  isAbsent,
  isObject,
  type Json,
  jsonText,
  kindOf,
  optionalAmount,
  optionalBoolean,
  optionalId,
  optionalJson,
  optionalList,
  optionalNumber,
  optionalText,
  optionalTime,
  rowId
} from './fields.ts'
import { limits } from './http.ts'
import { type Context, type EventType, eventTypes, type Interaction } from './interaction.ts'
import {
  type OrderItemRow,
  type OrderRow,
  type OrderStatus,
  orderStatuses,
  type ProductRow,
  type UserRow
} from './tables.ts'

/**
 * From the public JSON (INTERFACES 3) to our types. What cannot be used throws a `skip` error whose code is the `code`
 * of the answer and of the dead letter: `not_an_object`, `missing_field`, `invalid_field`, `id_too_long`,
 * `bad_timestamp`, `unknown_event_type`, `event_too_large`; nothing else is ever thrown. `now` stands in for an absent
 * `ts` or `updated_at`. A value of our own types reads back as itself, but for `''`, which is
 * read as absent.
 */

const eventBytesMax = limits.eventBytes
/** How far a client's clock may run ahead of ours. */
const eventAheadMaxMs = 5 * 60_000

const eventTypeNames = new Set<string>(eventTypes)

/**
 * Top-level fields we do not know are kept in `context` (whose own fields win); nested values as JSON text. Ids must be
 * strings here; `order_id` and `recommendation_id` in the context may be whole numbers.
 */
export function interactionFrom(json: unknown, now: number): Interaction {
  if (!isObject(json)) throw poison('not_an_object', `An event must be a JSON object, it is ${kindOf(json)}.`)
  const event_type = eventTypeOf(json.event_type)
  const isImpression = event_type === 'impression'
  const event: Interaction = {
    event_id: id('event_id', json.event_id),
    user_id: optionalId('user_id', json.user_id),
    session_id: optionalId('session_id', json.session_id),
    event_type,
    product_id: isImpression ? null : id('product_id', json.product_id),
    ts: optionalTime('ts', json.ts) ?? now,
    context: contextOf(json, isImpression)
  }
  if (event.user_id === null && event.session_id === null) {
    throw poison('missing_field', 'user_id and session_id are both missing; send at least one.')
  }
  if (isImpression) checkImpression(event.context)
  return event
}

/** Live events only: bulk loads and replays accept any past. */
export function checkEventTime(ts: number, now: number, maxAgeMs: number): void {
  if (ts > now + eventAheadMaxMs) {
    throw poison(
      'ts_in_future',
      `ts ${new Date(ts).toISOString()} is more than 5 minutes ahead of the server's clock; leave ts out, or set the sender's clock.`
    )
  }
  if (ts < now - maxAgeMs) {
    throw poison(
      'ts_too_old',
      `ts ${new Date(ts).toISOString()} is older than events.max_age; load history with \`millrace load\`.`
    )
  }
}

function eventTypeOf(value: unknown): EventType {
  if (isAbsent(value)) throw poison('missing_field', 'event_type is missing.')
  if (typeof value === 'string' && eventTypeNames.has(value)) return value as EventType
  throw poison('unknown_event_type', `event_type must be one of ${eventTypes.join(', ')}; it is ${kindOf(value)}.`)
}

/** Most characters of a context whose JSON cannot pass 16 KiB: 6 bytes a character, and room for the other fields. */
const contextCharsSafe = Math.floor((eventBytesMax - 4096) / 6)
/** What one entry adds besides its characters: quotes, colon, comma, a number. */
const entryChars = 6

function contextOf(json: Json, isImpression: boolean): Context {
  const context: Context = {}
  let chars = 0
  for (const key in json) {
    switch (key) {
      case 'event_id':
      case 'user_id':
      case 'session_id':
      case 'event_type':
      case 'ts':
      case 'context':
        break
      case 'product_id':
        if (isImpression) chars += put(context, key, json[key])
        break
      default:
        chars += put(context, key, json[key])
    }
  }
  const given = json.context
  if (!isAbsent(given)) {
    if (!isObject(given)) throw poison('invalid_field', `context must be a JSON object, it is ${kindOf(given)}.`)
    for (const key in given) chars += put(context, key, given[key])
  }
  if (chars > contextCharsSafe && Buffer.byteLength(jsonText('The event', json)) > eventBytesMax) {
    throw poison('event_too_large', `The event must have at most ${eventBytesMax} bytes of JSON; send less in context.`)
  }
  return context
}

/** Adds one entry and returns its size in characters. */
function put(context: Context, key: string, value: unknown): number {
  if (value === undefined || key === '__proto__') return key.length
  if (key === 'order_id' || key === 'recommendation_id') {
    context[key] = isAbsent(value) ? null : rowId(`context.${key}`, value)
    return key.length + entryChars + 256
  }
  switch (typeof value) {
    case 'string':
      context[key] = value
      return key.length + entryChars + value.length
    case 'number':
      // JSON has no infinity, but 1e999 is read as one.
      context[key] = Number.isFinite(value) ? value : null
      return key.length + entryChars + 4
    case 'boolean':
      context[key] = value
      return key.length + entryChars
  }
  const text = value === null ? null : jsonText(`context.${key}`, value)
  context[key] = text
  return key.length + entryChars + (text?.length ?? 4)
}

function checkImpression(context: Context): void {
  if (isAbsent(context.recommendation_id)) {
    throw poison('missing_field', 'An impression needs recommendation_id: the list that was seen.')
  }
  if (isAbsent(context.seen)) {
    throw poison('missing_field', 'An impression needs context.seen: how many leading positions were on screen.')
  }
  const seen = context.seen
  if (typeof seen !== 'number' || !Number.isInteger(seen) || seen < 0) {
    throw poison('invalid_field', `context.seen must be a whole number from 0 on, it is ${kindOf(seen)}.`)
  }
}

/** Columns we do not know are ignored in rows of tables. */
export function productFrom(json: unknown, now: number): ProductRow {
  const row = rowOf('product', json)
  const product_id = rowId('product_id', row.product_id)
  const title = optionalText('title', row.title)
  if (title === null) throw poison('missing_field', 'title is missing.')
  return {
    product_id,
    title,
    description: optionalText('description', row.description),
    category: categoryPath(optionalText('category', row.category)),
    brand: optionalText('brand', row.brand),
    attributes: optionalJson('attributes', row.attributes),
    price: optionalAmount('price', row.price),
    stock: optionalNumber('stock', row.stock),
    image_url: optionalText('image_url', row.image_url),
    group_id: isAbsent(row.group_id) ? null : rowId('group_id', row.group_id),
    currency: optionalText('currency', row.currency),
    active: optionalBoolean('active', row.active) ?? true,
    available_in: optionalList('available_in', row.available_in),
    available_from: optionalTime('available_from', row.available_from),
    available_until: optionalTime('available_until', row.available_until),
    created_at: optionalTime('created_at', row.created_at),
    updated_at: optionalTime('updated_at', row.updated_at) ?? now
  }
}

export function userFrom(json: unknown, now: number): UserRow {
  const row = rowOf('user', json)
  return {
    user_id: rowId('user_id', row.user_id),
    name: optionalText('name', row.name),
    country: optionalText('country', row.country),
    preferences: optionalJson('preferences', row.preferences),
    consent_personalization: optionalBoolean('consent_personalization', row.consent_personalization),
    updated_at: optionalTime('updated_at', row.updated_at) ?? now
  }
}

/**
 * A `user_id` that is there but null is a guest's order: it counts as one person of its own, `guest_<order_id>`. A column
 * that is not there at all is more likely a missing mapping, and refused.
 */
export function orderFrom(json: unknown): OrderRow {
  const row = rowOf('order', json)
  const order_id = rowId('order_id', row.order_id)
  const user_id =
    row.user_id === undefined || !isAbsent(row.user_id)
      ? rowId('user_id', row.user_id)
      : rowId('user_id', guestOf(order_id))
  const order_ts = optionalTime('order_ts', row.order_ts)
  if (order_ts === null) throw poison('missing_field', 'order_ts is missing.')
  return { order_id, user_id, order_ts, total: optionalNumber('total', row.total), status: statusOf(row.status) }
}

/** The person behind an order without a customer. */
export function guestOf(orderId: string): string {
  return `guest_${orderId}`
}

/** `{order_id, product_id, deleted: true}` takes the line out of its order. */
export function orderItemFrom(json: unknown): OrderItemRow {
  const row = rowOf('order item', json)
  const deleted = optionalBoolean('deleted', row.deleted) ?? false
  const qty = optionalAmount('qty', row.qty)
  if (qty === null && !deleted) throw poison('missing_field', 'qty is missing.')
  return {
    order_id: rowId('order_id', row.order_id),
    product_id: rowId('product_id', row.product_id),
    qty: qty ?? 0,
    price: optionalAmount('price', row.price),
    returned_qty: optionalAmount('returned_qty', row.returned_qty) ?? 0,
    deleted
  }
}

function rowOf(what: string, json: unknown): Json {
  if (isObject(json)) return json
  throw poison('not_an_object', `A row (${what}) must be a JSON object, it is ${kindOf(json)}.`)
}

function statusOf(value: unknown): OrderStatus {
  if (isAbsent(value)) return 'placed'
  if (orderStatuses.includes(value as OrderStatus)) return value as OrderStatus
  throw poison('invalid_field', `status must be one of ${orderStatuses.join(', ')}; it is ${kindOf(value)}.`)
}

/** `a>b`, ` a > b ` and `a > b` are one path. */
function categoryPath(text: string | null): string | null {
  if (text === null) return null
  const parts = text.split('>').map(part => part.trim())
  const path = parts.filter(part => part !== '').join(' > ')
  return path === '' ? null : path
}
