import { jsonCodec, processor, table, value } from '../engine/index.ts'
import type { Basket, BasketLine } from '../schemas/act.ts'
import type { OrderId } from '../schemas/ids.ts'
import type { OrderItemRow, OrderRow } from '../schemas/tables.ts'
import type { BasketErasure } from './find-baskets.ts'

const linesMax = 5_000

interface Line {
  qty: number
  price: number
}

const state = {
  order: value(jsonCodec<{ person: string; ts: number; counts: boolean }>()),
  lines: table(jsonCodec<Line>())
}

/**
 * What each order holds, from its row and its lines in whatever order they come. A line that was deleted stays with
 * nothing in it, and a deleted order stays without counting, so that what follows can take them back. Of one whose person
 * is erased nothing stays: the view's tombstone takes it back.
 */
export function foldOrder() {
  return processor<OrderId, OrderRow | OrderItemRow | BasketErasure | null, never, never, Basket, typeof state>({
    name: 'fold-order',
    state,
    process({ value: row }, { order, lines }) {
      if (row === null) {
        const known = order.get()
        if (known) order.set({ ...known, counts: false })
      } else if ('erased' in row) {
        if (order.get()?.person !== row.erased) return
        order.delete()
        lines.clear()
      } else if ('product_id' in row) {
        const known = lines.get(row.product_id)
        if (!known && lines.size >= linesMax) return
        lines.set(row.product_id, row.deleted ? { qty: 0, price: known?.price ?? 0 } : lineOf(row))
      } else {
        order.set({ person: row.user_id, ts: row.order_ts, counts: row.status === 'placed' })
      }
    },
    view(_, { order, lines }) {
      const known = order.get()
      return known ? { ...known, is_user: true, lines: linesOf(lines.entries(), known.ts) } : null
    }
  })
}

function lineOf({ qty, returned_qty, price }: OrderItemRow): Line {
  return { qty: Math.max(0, qty - returned_qty), price: price ?? 0 }
}

function linesOf(entries: Iterable<[string, Line]>, ts: number): BasketLine[] {
  return [...entries]
    .map(([product_id, { qty, price }]) => ({ product_id, ts, qty, price, organic: true }))
    .sort((a, b) => (a.product_id < b.product_id ? -1 : 1))
}
