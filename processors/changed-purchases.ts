import type { Basket } from '../schemas/act.ts'
import type { BasketChange } from './compare-baskets.ts'

/** One line of a basket as somebody's purchase, new or taken back. */
export interface Purchase {
  person: string
  product_id: string
  ts: number
  qty: number
  price: number
  organic: boolean
}

/** What a change of a basket takes back and what it adds, per person: two, where the basket went to somebody else. */
export interface PersonPurchases {
  gone: Purchase[]
  come: Purchase[]
  ts: number
  /** Baskets more or fewer. */
  baskets: number
  /** Items of the basket that do not count now. */
  idle: string[]
}

export function changedPurchases({ before, after }: BasketChange): Map<string, PersonPurchases> {
  const own: PersonPurchases = {
    gone: [],
    come: purchasesIn(after),
    ts: after.ts,
    baskets: after.counts ? 1 : 0,
    idle: idleIn(after)
  }
  const changes = new Map([[after.person, own]])
  if (!before?.counts) return changes
  const gone = purchasesIn(before)
  of(changes, before.person, after.ts).baskets--
  const old = new Set(gone.map(textOf))
  const fresh = new Set(own.come.map(textOf))
  own.come = own.come.filter(purchase => !old.has(textOf(purchase)))
  for (const purchase of gone) {
    if (!fresh.has(textOf(purchase))) of(changes, purchase.person, after.ts).gone.push(purchase)
  }
  return changes
}

function purchasesIn({ person, ts, counts, lines }: Basket): Purchase[] {
  if (!counts) return []
  return lines.filter(line => line.qty > 0).map(line => ({ person, ts, ...line }))
}

function idleIn({ counts, lines }: Basket): string[] {
  return lines.filter(line => !counts || line.qty <= 0).map(line => line.product_id)
}

function of(changes: Map<string, PersonPurchases>, person: string, ts: number): PersonPurchases {
  const known = changes.get(person) ?? { gone: [], come: [], ts, baskets: 0, idle: [] }
  changes.set(person, known)
  return known
}

function textOf({ person, product_id, ts, qty, price, organic }: Purchase): string {
  return `${product_id}\n${person}\n${ts} ${qty} ${price} ${organic}`
}
