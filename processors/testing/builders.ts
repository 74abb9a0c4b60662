import type { Act, Basket } from '../../schemas/act.ts'
import type { Interaction } from '../../schemas/interaction.ts'
import type { OrderItemRow, OrderRow, ProductRow, UserRow } from '../../schemas/tables.ts'
import type { TouchChange } from '../person-day.ts'
import type { Touch } from '../touch.ts'

/** Records for tests: what a story does not mention has a plain value. */

let serial = 0

export function event(over: Partial<Interaction> = {}): Interaction {
  return {
    event_id: `e${++serial}`,
    user_id: 'u1',
    session_id: null,
    event_type: 'view',
    product_id: 'tea',
    ts: 0,
    context: {},
    ...over
  }
}

export function anAct(over: Partial<Act> = {}): Act {
  return {
    person: 'u1',
    user_id: 'u1',
    product_id: 'tea',
    event_type: 'view',
    ts: 0,
    order_id: null,
    recommendation_id: null,
    price: null,
    qty: 1,
    undo: false,
    ...over
  }
}

/** Lines by product: quantity, or quantity and price. */
export function basket(lines: Record<string, number | [number, number]>, over: Partial<Basket> = {}): Basket {
  return {
    person: 'u1',
    is_user: true,
    ts: 0,
    counts: true,
    lines: Object.entries(lines).map(([product_id, line]) => {
      const [qty, price] = typeof line === 'number' ? [line, 1] : line
      return { product_id, ts: over.ts ?? 0, qty, price, organic: true }
    }),
    ...over
  }
}

export function touch(product_id: string, ts = 0, over: Partial<Touch> = {}): Touch {
  return { product_id, ts, type: 'view', organic: true, ...over }
}

export function touches(...come: Touch[]): TouchChange {
  return { gone: [], come, ts: Math.max(...come.map(({ ts }) => ts)), idle: [], units: [] }
}

export function untouched(...gone: Touch[]): TouchChange {
  return { gone, come: [], ts: Math.max(...gone.map(({ ts }) => ts)), idle: [], units: [] }
}

export function product(over: Partial<ProductRow> = {}): ProductRow {
  return {
    product_id: 'tea',
    title: 'Tea',
    description: null,
    category: 'drinks',
    brand: null,
    attributes: null,
    price: 4,
    stock: null,
    image_url: null,
    group_id: null,
    currency: null,
    active: true,
    available_in: null,
    available_from: null,
    available_until: null,
    created_at: null,
    updated_at: 0,
    ...over
  }
}

export function order(over: Partial<OrderRow> = {}): OrderRow {
  return { order_id: 'o1', user_id: 'u1', order_ts: 0, total: null, status: 'placed', ...over }
}

export function line(product_id: string, over: Partial<OrderItemRow> = {}): OrderItemRow {
  return { order_id: 'o1', product_id, qty: 1, price: 1, returned_qty: 0, deleted: false, ...over }
}

export function user(over: Partial<UserRow> = {}): UserRow {
  return {
    user_id: 'u1',
    name: null,
    country: null,
    preferences: null,
    consent_personalization: null,
    updated_at: 0,
    ...over
  }
}
