import type { Basket } from '../schemas/act.ts'
import type { BasketChange } from './compare-baskets.ts'

/** One line of a basket as somebody's purchase, new or taken back. */
export interface Purchase {
  product_id: string
  ts: number
  qty: number
  price: number
  organic: boolean
}

/** What a change of a basket takes back and what it adds, per person: two, where the basket went to somebody else. */
export interface PersonPurchases {
  /** false: the person is an anonymous session. */
  isUser: boolean
  gone: Purchase[]
  come: Purchase[]
  /** Baskets more or fewer, and of when. */
  baskets: { ts: number; count: 1 | -1 }[]
  /** Newest time heard of. */
  ts: number
  /** What is in the basket without counting now. */
  idle: { product_id: string; ts: number }[]
}

export function changedPurchases({ before, after }: BasketChange): Map<string, PersonPurchases> {
  const own = nothingNew(after)
  own.idle = after.lines.filter(line => !after.counts || line.qty <= 0)
  own.come = purchasesIn(after)
  if (after.counts) own.baskets.push({ ts: after.ts, count: 1 })
  const changes = new Map([[after.person, own]])
  if (!before?.counts) return changes
  const theirs = before.person === after.person ? own : nothingNew(before)
  changes.set(before.person, theirs)
  theirs.gone = purchasesIn(before)
  theirs.baskets.push({ ts: before.ts, count: -1 })
  if (theirs === own) leaveWhatStays(own)
  return changes
}

function nothingNew({ is_user, ts, lines }: Basket): PersonPurchases {
  const newest = lines.reduce((last, line) => Math.max(last, line.ts), ts)
  return { isUser: is_user, gone: [], come: [], baskets: [], ts: newest, idle: [] }
}

function purchasesIn({ counts, lines }: Basket): Purchase[] {
  return counts ? lines.filter(line => line.qty > 0) : []
}

function leaveWhatStays(own: PersonPurchases): void {
  const old = new Set(own.gone.map(textOf))
  const fresh = new Set(own.come.map(textOf))
  own.come = own.come.filter(purchase => !old.has(textOf(purchase)))
  own.gone = own.gone.filter(purchase => !fresh.has(textOf(purchase)))
  const [first, second] = own.baskets
  if (first?.ts === second?.ts) own.baskets = []
}

function textOf({ product_id, ts, qty, price, organic }: Purchase): string {
  return `${product_id}\n${ts} ${qty} ${price} ${organic}`
}
