import { jsonCodec, processor, table, value } from '../engine/index.ts'
import type { TableHandle } from '../engine/processor.ts'
import type { Basket, BasketLine } from '../schemas/act.ts'
import { type BasketStep, settledMs } from '../schemas/basket-step.ts'
import type { OrderId } from '../schemas/ids.ts'
import type { OrderItemRow, OrderRow } from '../schemas/tables.ts'
import type { BasketErasure } from './find-baskets.ts'
import { stepOf } from './settled-basket.ts'

const linesMax = 5_000

interface Line {
  qty: number
  price: number
}

interface Order {
  person: string
  ts: number
  counts: boolean
  /** `empty`: the week is over and there was nothing in it, as when orders of long ago come before their lines. */
  step: 'waits' | 'empty' | 'told'
  /** When it is told, or was. */
  due: number
}

const state = {
  order: value(jsonCodec<Order>(2)),
  lines: table(jsonCodec<Line>())
}

/**
 * What each order holds, from its row and its lines in whatever order they come. A line that was deleted stays with
 * nothing in it, and a deleted order stays without counting, so that what follows can take them back. Of one whose person
 * is erased nothing stays: the view's tombstone takes it back. A week after it was ordered it is told to who learns from it.
 */
export function foldOrder() {
  return processor<
    OrderId,
    OrderRow | OrderItemRow | BasketErasure | null,
    OrderId,
    BasketStep | null,
    Basket,
    typeof state
  >({
    name: 'fold-order',
    state,
    process({ key, value: row, timestamp }, { order, lines, timers }, emit) {
      if (row === null) {
        const known = order.get()
        if (known) order.set({ ...known, counts: false })
      } else if ('erased' in row) {
        const known = order.get()
        if (known?.person !== row.erased || known.ts > row.until) return
        if (known.step === 'told') emit(key, null)
        order.delete()
        lines.clear()
      } else if ('product_id' in row) {
        setLine(lines, row)
        const known = order.get()
        if (known?.step !== 'empty') return
        const due = timestamp + settledMs
        order.set({ ...known, step: 'waits', due })
        timers.at(due)
      } else {
        const now = { person: row.user_id, ts: row.order_ts, counts: row.status === 'placed' }
        const told = nextTelling(order.get(), row, timestamp)
        order.set({ ...now, ...told })
        if (told.step === 'waits') timers.at(told.due)
      }
    },
    onTimer({ key, timestamp }, { order, lines }, emit) {
      const known = order.get()
      if (known?.step !== 'waits' || timestamp !== known.due) return
      const settled = stepOf(basketOf(known, lines.entries()))
      order.set({ ...known, step: settled ? 'told' : 'empty' })
      if (settled) emit(key, settled)
    },
    view(_, { order, lines }) {
      const known = order.get()
      return known ? basketOf(known, lines.entries()) : null
    }
  })
}

/** A row that comes again leaves the lines the time they have; where there was nothing in it, they have a week again. */
function nextTelling(known: Order | undefined, row: OrderRow, timestamp: number): Pick<Order, 'step' | 'due'> {
  const due = row.order_ts + settledMs
  if (known === undefined) return { step: 'waits', due }
  if (known.step === 'told') return { step: 'told', due: known.due }
  return { step: 'waits', due: Math.max(due, known.step === 'empty' ? timestamp + settledMs : known.due) }
}

function basketOf({ person, ts, counts }: Order, entries: Iterable<[string, Line]>): Basket {
  return { person, is_user: true, ts, counts, lines: linesOf(entries, ts) }
}

function setLine(lines: TableHandle<Line>, row: OrderItemRow): void {
  const known = lines.get(row.product_id)
  if (!known && lines.size >= linesMax) return
  lines.set(row.product_id, row.deleted ? { qty: 0, price: known?.price ?? 0 } : lineOf(row))
}

function lineOf({ qty, returned_qty, price }: OrderItemRow): Line {
  return { qty: Math.max(0, qty - returned_qty), price: price ?? 0 }
}

function linesOf(entries: Iterable<[string, Line]>, ts: number): BasketLine[] {
  return [...entries]
    .map(([product_id, { qty, price }]) => ({ product_id, ts, qty, price, organic: true }))
    .sort((a, b) => (a.product_id < b.product_id ? -1 : 1))
}
