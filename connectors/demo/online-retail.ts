import type { Interaction } from '../../schemas/interaction.ts'
import { guestOf } from '../../schemas/rows.ts'
import type { OrderItemRow, OrderRow, ProductRow, UserRow } from '../../schemas/tables.ts'
import { type RetailFile, readRetailFile } from './retail-file.ts'
import { kindsOfLines, type LineKind, lineKinds } from './retail-lines.ts'
import { ordersOf, type RetailOrders } from './retail-orders.ts'
import { productsOf } from './retail-products.ts'

/** One thing that happened in the shop: an order with its items, or a return that changes older rows. */
export interface ShopMoment {
  ts: number
  orders: OrderRow[]
  items: OrderItemRow[]
  purchases: Interaction[]
}

export interface DemoShop {
  products: ProductRow[]
  users: UserRow[]
  /** Orders and returns in the order of time, ties in the order of the data. */
  moments(): Generator<ShopMoment>
  counts: DemoCounts
}

export interface DemoCounts {
  lines: Record<LineKind, number>
  orders: number
  guestOrders: number
  items: number
  /** Sale lines added to an earlier line of the same product in the same invoice. */
  linesMerged: number
  cancellationsMatched: number
  /** More units cancelled than had been bought. */
  cancellationsPartly: number
  cancellationsIgnored: number
  /** Rows written again because of a return. */
  itemsChanged: number
  ordersReturned: number
}

/** The last order of the data, shop time taken as UTC. */
export const lastOrderTime = Date.UTC(2011, 11, 9, 12, 50)
const weekMs = 7 * 86_400_000

/** Whole weeks to add, so that the last order falls in the week before `start`. */
export function shiftBefore(start: number): number {
  return Math.floor((start - 1 - lastOrderTime) / weekMs) * weekMs
}

/**
 * The demo shop, from UCI Online Retail: 541,909 invoice lines of one British gift shop, 2010-12-01 to 2011-12-09.
 *
 * - Products: five digits and perhaps letters (85123A and 85123B share `group_id` 85123). Postage, fees, vouchers,
 *   samples and corrections are no products. Title and price are the usual ones of the sales; category, brand and stock
 *   are derived (category-rules.ts, `pseudoStock`).
 * - Users: one row per CustomerID, with the latest country; the name is made up and consent unknown. An invoice without
 *   a customer is a guest's: its order's `user_id` is `guest_<invoice>`, so that each counts as one person in baskets,
 *   and no user row is made. Its purchase events carry the session only.
 * - Lines without a price and stock corrections are left out. A cancellation takes units back from the customer's
 *   earlier orders: at its own time their rows are written again with `returned_qty`, and `status: returned` once
 *   nothing of an order is left. Cancellations of what was never bought are ignored.
 * - Each item is also a `purchase` event of session `s_<invoice>`; its id is a hash of the line's number.
 * - Times are the shop's local times taken as UTC, plus `shiftMs`.
 */
export function openDemoShop(shiftMs: number, file = readRetailFile()): DemoShop {
  // The lines are two thirds of the data, and need not be kept while the history is told: only what `moments` names is.
  const { invoices } = file
  const kinds = kindsOfLines(file)
  const products = productsOf(file, kinds, shiftMs)
  const orders = ordersOf(file, kinds, products.ofCode)
  return {
    products: products.rows,
    users: usersOf(file, shiftMs),
    moments: () => momentsOf(invoices, products.rows, orders, shiftMs),
    counts: countsOf(file, kinds, orders)
  }
}

function usersOf({ countries, invoices }: RetailFile, shiftMs: number): UserRow[] {
  const latest = new Map<number, string>()
  for (let i = 0; i < invoices.count; i++) {
    if (invoices.customers[i] !== 0) latest.set(invoices.customers[i], countries[invoices.countries[i]])
  }
  return [...latest]
    .sort(([a], [b]) => a - b)
    .map(([customer, country]) => ({
      user_id: String(customer),
      name: `Customer ${customer}`,
      country,
      preferences: null,
      consent_personalization: null,
      updated_at: invoices.minutes[0] * 60_000 + shiftMs
    }))
}

function* momentsOf(
  invoices: RetailFile['invoices'],
  products: ProductRow[],
  { orders, items, returns }: RetailOrders,
  shiftMs: number
): Generator<ShopMoment> {
  const { orderRow, itemRow, timeOf } = rowsOf(invoices, products, { orders, items }, shiftMs)
  let nextReturn = 0
  for (let order = 0; order < orders.invoices.length; order++) {
    while (returns[nextReturn]?.invoice < orders.invoices[order]) yield returnMoment(nextReturn++)
    yield orderMoment(order)
  }
  while (nextReturn < returns.length) yield returnMoment(nextReturn++)

  function orderMoment(order: number): ShopMoment {
    const row = orderRow(order, 'placed')
    const moment: ShopMoment = { ts: row.order_ts, orders: [row], items: [], purchases: [] }
    for (let item = orders.firstItems[order]; item < orders.firstItems[order + 1]; item++) {
      const line = itemRow(item, order, 0)
      moment.items.push(line)
      moment.purchases.push(purchaseOf(row, line, items.lines[item]))
    }
    return moment
  }

  function returnMoment(index: number): ShopMoment {
    const { invoice, items: changed, ordersReturned } = returns[index]
    return {
      ts: timeOf(invoice),
      orders: ordersReturned.map(order => orderRow(order, 'returned')),
      items: changed.map(({ item, order, returned }) => itemRow(item, order, returned)),
      purchases: []
    }
  }
}

function rowsOf(
  invoices: RetailFile['invoices'],
  products: ProductRow[],
  { orders, items }: Pick<RetailOrders, 'orders' | 'items'>,
  shiftMs: number
) {
  return { orderRow, itemRow, timeOf }

  function orderRow(order: number, status: OrderRow['status']): OrderRow {
    const invoice = orders.invoices[order]
    const order_id = invoices.numbers[invoice]
    const customer = invoices.customers[invoice]
    let total = 0
    for (let item = orders.firstItems[order]; item < orders.firstItems[order + 1]; item++) total += items.values[item]
    return {
      order_id,
      user_id: customer === 0 ? guestOf(order_id) : String(customer),
      order_ts: timeOf(invoice),
      total: pence(total),
      status
    }
  }

  function itemRow(item: number, order: number, returned_qty: number): OrderItemRow {
    const qty = items.quantities[item]
    return {
      order_id: invoices.numbers[orders.invoices[order]],
      product_id: products[items.products[item]].product_id,
      qty,
      price: pence(items.values[item] / qty),
      returned_qty,
      deleted: false
    }
  }

  function timeOf(invoice: number): number {
    return invoices.minutes[invoice] * 60_000 + shiftMs
  }
}

function purchaseOf(order: OrderRow, item: OrderItemRow, line: number): Interaction {
  const { order_id, user_id, order_ts } = order
  return {
    event_id: eventIdOf(line),
    user_id: user_id === guestOf(order_id) ? null : user_id,
    session_id: `s_${order_id}`,
    event_type: 'purchase',
    product_id: item.product_id,
    ts: order_ts,
    context: { order_id, price: item.price, qty: item.qty }
  }
}

function pence(pounds: number): number {
  return Math.round(pounds * 100) / 100
}

/** A one-to-one scramble of 32 bits (the finalizer of MurmurHash3): short, stable, and no two lines share an id. */
function eventIdOf(line: number): string {
  let hash = line + 1
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return `demo-${((hash ^ (hash >>> 16)) >>> 0).toString(16).padStart(8, '0')}`
}

function countsOf(
  { invoices }: RetailFile,
  kinds: Uint8Array,
  { orders, items, returns, counts }: RetailOrders
): DemoCounts {
  const lines = Object.fromEntries(lineKinds.map(kind => [kind, 0])) as Record<LineKind, number>
  for (const kind of kinds) lines[lineKinds[kind]]++
  return {
    lines,
    orders: orders.invoices.length,
    guestOrders: orders.invoices.filter(invoice => invoices.customers[invoice] === 0).length,
    items: items.count,
    ...counts,
    itemsChanged: returns.reduce((sum, { items }) => sum + items.length, 0),
    ordersReturned: returns.reduce((sum, { ordersReturned }) => sum + ordersReturned.length, 0)
  }
}
