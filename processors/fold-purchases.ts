import { jsonCodec, processor, table, value } from '../engine/index.ts'
import type { TableHandle } from '../engine/processor.ts'
import type { Basket, BasketLine } from '../schemas/act.ts'
import { type BasketStep, settledMs } from '../schemas/basket-step.ts'
import type { OrderId } from '../schemas/ids.ts'
import type { BasketPurchase } from './cut-baskets.ts'
import type { BasketErasure } from './find-baskets.ts'
import { stepOf } from './settled-basket.ts'

const linesMax = 5_000

/** What one person bought of one product at one moment. */
interface Line {
  person: string
  isUser: boolean
  product_id: string
  ts: number
  count: number
  qty: number
  price: number
  /** Purchases that an answer of ours caused. */
  caused: number
}

/** When it is told next, and whether it is told. */
interface Telling {
  due: number | null
  isTold: boolean
}

const state = {
  lines: table(jsonCodec<Line>()),
  /** Nothing before its first purchase. */
  step: value(jsonCodec<Telling>(2))
}

/**
 * What each basket holds, from purchase events. Of one that was taken back wholly, or of who is erased, nothing stays. It is
 * told to who learns from it a week after the moment of the purchase that came first, and again a week after that of one
 * that came when it was told: one older than that, and each that comes behind it, at once.
 */
export function foldPurchases() {
  return processor<OrderId, BasketPurchase | BasketErasure, OrderId, BasketStep | null, Basket, typeof state>({
    name: 'fold-purchases',
    state,
    process({ key, value: change }, { lines, step, timers }, emit) {
      const known = step.get() ?? { due: null, isTold: false }
      if ('erased' in change) {
        if (!erase(lines, change)) return
        const basket = basketOf(lines.entries())
        if (known.isTold) emit(key, basket && stepOf(basket))
        if (!basket) step.delete()
        return
      }
      count(lines, change)
      if (known.due !== null) return
      const due = change.act.ts + settledMs
      step.set({ ...known, due })
      timers.at(due)
    },
    onTimer({ key, timestamp }, { lines, step }, emit) {
      const known = step.get()
      if (known?.due !== timestamp) return
      const basket = basketOf(lines.entries())
      const settled = basket && stepOf(basket)
      if (settled || known.isTold) emit(key, settled)
      if (basket) step.set({ due: null, isTold: settled !== null })
      else step.delete()
    },
    view: (_, { lines }) => basketOf(lines.entries())
  })
}

/** Returns whether there was anything of theirs. */
function erase(lines: TableHandle<Line>, { erased, until }: BasketErasure): boolean {
  const theirs = [...lines.entries()].filter(([, { person, ts }]) => person === erased && ts <= until)
  for (const [row] of theirs) lines.delete(row)
  return theirs.length > 0
}

function count(lines: TableHandle<Line>, { act, undo }: BasketPurchase): void {
  const row = `${act.product_id}\n${act.ts}\n${act.person}`
  const known = lines.get(row)
  if (!known && lines.size >= linesMax) return
  const sign = undo ? -1 : 1
  if (known && known.count + sign === 0) {
    lines.delete(row)
    return
  }
  lines.set(row, {
    person: act.person,
    isUser: act.user_id !== null,
    product_id: act.product_id,
    ts: act.ts,
    count: (known?.count ?? 0) + sign,
    qty: (known?.qty ?? 0) + sign * act.qty,
    price: Math.max(known?.price ?? 0, act.price ?? 0),
    caused: (known?.caused ?? 0) + (act.recommendation_id === null ? 0 : sign)
  })
}

function basketOf(entries: Iterable<[string, Line]>): Basket | null {
  const standing = [...entries].map(([, line]) => line).filter(line => line.count > 0)
  if (standing.length === 0) return null
  const { person, isUser } = standing.reduce((least, line) => (line.person < least.person ? line : least))
  const ts = Math.min(...standing.map(line => line.ts))
  return { person, is_user: isUser, ts, counts: true, lines: linesOf(standing) }
}

function linesOf(standing: readonly Line[]): BasketLine[] {
  const lines = standing.map(({ product_id, ts, qty, price, caused }) => ({
    product_id,
    ts,
    qty,
    price,
    organic: caused === 0
  }))
  return lines.sort((a, b) => a.ts - b.ts || (a.product_id < b.product_id ? -1 : 1))
}
