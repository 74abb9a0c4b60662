import { jsonCodec, processor, table } from '../engine/index.ts'
import type { Basket, BasketLine } from '../schemas/act.ts'
import type { OrderId } from '../schemas/ids.ts'
import type { BasketPurchase } from './cut-baskets.ts'

const linesMax = 5_000

/** What one person bought of one product in the basket. */
interface Line {
  person: string
  product_id: string
  ts: number
  count: number
  qty: number
  price: number
  /** Purchases that an answer of ours caused. */
  caused: number
}

const state = { lines: table(jsonCodec<Line>()) }

/** What each basket holds, from purchase events; as for orders, what was taken back stays with nothing in it. */
export function foldPurchases() {
  return processor<OrderId, BasketPurchase, never, never, Basket, typeof state>({
    name: 'fold-purchases',
    state,
    process({ value: { act, undo } }, { lines }) {
      const row = `${act.product_id}\n${act.person}`
      const known = lines.get(row)
      if (!known && lines.size >= linesMax) return
      const sign = undo ? -1 : 1
      lines.set(row, {
        person: act.person,
        product_id: act.product_id,
        ts: Math.min(known?.ts ?? act.ts, act.ts),
        count: (known?.count ?? 0) + sign,
        qty: (known?.qty ?? 0) + sign * act.qty,
        price: Math.max(known?.price ?? 0, act.price ?? 0),
        caused: (known?.caused ?? 0) + (act.recommendation_id === null ? 0 : sign)
      })
    },
    view(_, { lines }) {
      const all = [...lines.entries()].map(([, line]) => line)
      if (all.length === 0) return null
      const standing = all.filter(line => line.count > 0)
      const people = (standing.length > 0 ? standing : all).map(line => line.person)
      return {
        person: people.sort()[0],
        ts: Math.min(...(standing.length > 0 ? standing : all).map(line => line.ts)),
        counts: standing.length > 0,
        lines: linesOf(all)
      }
    }
  })
}

function linesOf(all: readonly Line[]): BasketLine[] {
  const byProduct = new Map<string, BasketLine>()
  for (const { product_id, count, qty, price, caused } of all) {
    const line = byProduct.get(product_id) ?? { product_id, qty: 0, price: 0, organic: true }
    byProduct.set(product_id, {
      product_id,
      qty: line.qty + (count > 0 ? qty : 0),
      price: Math.max(line.price, price),
      organic: line.organic && (count <= 0 || caused === 0)
    })
  }
  return [...byProduct.values()].sort((a, b) => (a.product_id < b.product_id ? -1 : 1))
}
