import { grown } from './grown.ts'

const halfLifeMs = 7 * 86_400_000
/** Person-days are compared as of this time; any would do, and doubles last for 19 years on either side of it. */
const baseMs = Date.UTC(2026, 0, 1)

/**
 * How common every item is, in the measure of its pairs: what turns "of those with this item, so many had that one" into
 * the cosine of the two. Held beside the lists, since a list does not change when its companions become more common.
 *
 * 32 bytes per item.
 */
export class PairTotals {
  /** All baskets; 0 = not known. */
  baskets = 0
  readonly days = new Roots()
  readonly orders = new Roots()

  /** Person-days on the item as of a time, half as much every 7 days; 0: none. */
  setDays(item: number, weight: number, asOf: number): void {
    this.days.set(item, Math.sqrt(weight) * 2 ** ((asOf - baseMs) / halfLifeMs / 2))
  }

  /** Baskets with the item. */
  setBaskets(item: number, baskets: number): void {
    this.orders.set(item, Math.sqrt(baskets))
  }

  /** Whether two items are together more often than by chance: a lift above 1. */
  isMoreThanChance(confidence: number, other: number): boolean {
    const root = this.orders.of(other)
    return confidence * this.baskets > root * root || this.baskets === 0
  }
}

/** Square roots of totals. */
class Roots {
  private roots = new Float64Array(0)

  set(item: number, root: number): void {
    this.roots = grown(this.roots, item + 1, 0)
    this.roots[item] = Number.isFinite(root) ? root : 0
  }

  of(item: number): number {
    return item < this.roots.length ? this.roots[item] : 0
  }

  /** Share of `seed`'s total → cosine, for a pair with `other`; a total that is not known counts as equal. */
  cosine(share: number, seedRoot: number, other: number): number {
    const root = other < this.roots.length ? this.roots[other] : 0
    return root > 0 && seedRoot > 0 ? Math.min(1, (share * seedRoot) / root) : share
  }
}
