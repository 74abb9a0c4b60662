import type { Interaction } from '../../schemas/interaction.ts'
import type { OrderItemRow, OrderRow, ProductRow, UserRow } from '../../schemas/tables.ts'
import { type DemoShop, openDemoShop } from './online-retail.ts'

interface Rows<Topic extends string, Row> {
  topic: Topic
  rows: Row[]
}

export type DemoBatch = (
  | Rows<'products', ProductRow>
  | Rows<'users', UserRow>
  | Rows<'orders', OrderRow>
  | Rows<'order-items', OrderItemRow>
  | Rows<'interactions', Interaction>
) & {
  /** When each row happened: the record's timestamp. A row changed by a return has the time of the return. */
  timestamps: number[]
  lastTs: number
  /** How many rows the history has up to and including this batch: where a load resumes. */
  position: string
}

export interface DemoHistory extends Iterable<DemoBatch> {
  rowsTotal: number
}

export const batchRowsMax = 1000

/**
 * The demo's whole history in an order that never changes: products, users, then orders, their items and their purchase
 * events in slices of time, each slice in that order of topics. `after` is the position of the last batch that was kept.
 */
export function demoBatches({ shiftMs, after = '0' }: { shiftMs: number; after?: string }): DemoHistory {
  const shop = openDemoShop(shiftMs)
  return {
    rowsTotal: rowsOf(shop),
    *[Symbol.iterator]() {
      const skipped = Number(after)
      let position = 0
      for (const batch of unnumbered(shop)) {
        position += batch.rows.length
        if (position > skipped) yield { ...batch, position: String(position) }
      }
    }
  }
}

function rowsOf({ products, users, counts }: DemoShop): number {
  const { orders, ordersReturned, items, itemsChanged } = counts
  // Each item is a row and a purchase.
  return products.length + users.length + orders + ordersReturned + 2 * items + itemsChanged
}

type Unnumbered = DemoBatch extends infer Batch ? (Batch extends DemoBatch ? Omit<Batch, 'position'> : never) : never

function* unnumbered({ products, users, moments }: DemoShop): Generator<Unnumbered> {
  yield* split('products', products, updateTimes(products))
  yield* split('users', users, updateTimes(users))
  let slice = emptySlice()
  for (const moment of moments()) {
    if (slice.items.length + moment.items.length > batchRowsMax) {
      yield* sliceBatches(slice)
      slice = emptySlice()
    }
    for (const order of moment.orders) add(slice.orders, slice.orderTimes, order, moment.ts)
    for (const item of moment.items) add(slice.items, slice.itemTimes, item, moment.ts)
    for (const purchase of moment.purchases) add(slice.purchases, slice.purchaseTimes, purchase, moment.ts)
  }
  yield* sliceBatches(slice)
}

function emptySlice() {
  return {
    orders: [] as OrderRow[],
    orderTimes: [] as number[],
    items: [] as OrderItemRow[],
    itemTimes: [] as number[],
    purchases: [] as Interaction[],
    purchaseTimes: [] as number[]
  }
}

function add<Row>(rows: Row[], times: number[], row: Row, ts: number) {
  rows.push(row)
  times.push(ts)
}

function* sliceBatches(slice: ReturnType<typeof emptySlice>) {
  yield* split('orders', slice.orders, slice.orderTimes)
  yield* split('order-items', slice.items, slice.itemTimes)
  yield* split('interactions', slice.purchases, slice.purchaseTimes)
}

function updateTimes(rows: { updated_at: number }[]): number[] {
  return rows.map(row => row.updated_at)
}

function* split<Topic extends string, Row>(topic: Topic, rows: Row[], times: number[]) {
  for (let start = 0; start < rows.length; start += batchRowsMax) {
    const timestamps = times.slice(start, start + batchRowsMax)
    yield {
      topic,
      rows: rows.slice(start, start + batchRowsMax),
      timestamps,
      lastTs: timestamps[timestamps.length - 1]
    }
  }
}
