import type { Basket } from '../../schemas/act.ts'

/** A basket pairs its dearest lines only. */
const itemsMax = 100

/** By product: with which others it was bought, and in how many baskets; recomputed from the view of baskets. */
export function exactPairs(baskets: Iterable<Basket>): Map<string, Map<string, number>> {
  const pairs = new Map<string, Map<string, number>>()
  for (const basket of baskets) {
    const items = basket.counts ? pairedItems(basket) : []
    for (const item of items) {
      const companions = pairs.get(item) ?? new Map<string, number>()
      pairs.set(item, companions)
      for (const other of items) if (other !== item) companions.set(other, (companions.get(other) ?? 0) + 1)
    }
  }
  return pairs
}

/** Of a basket, those that are paired. */
export function pairedItems({ lines }: Basket): string[] {
  const worths = new Map<string, number>()
  for (const { product_id: id, qty, price } of lines) if (qty > 0) worths.set(id, (worths.get(id) ?? 0) + qty * price)
  const dearestFirst = [...worths].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1))
  return dearestFirst.slice(0, itemsMax).map(([id]) => id)
}
