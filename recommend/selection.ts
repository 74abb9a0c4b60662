import { limits } from '../schemas/http.ts'
import type { CandidateSet } from './candidate-set.ts'
import type { Catalog } from './catalog.ts'
import { grown } from './grown.ts'
import { TopItems } from './top-items.ts'

/** Keys fall by this much per tier, and totals are at most 1: no item of a later tier stands before one of an earlier. */
const tierStep = 10

export interface Limits {
  limit: number
  maxPerCategory: number | null
  /** What is kept of a score per item of the same category that stands before: 1 = no diversity. */
  kept: number
}

/**
 * The list itself: of the best candidates, greedily, what is best after those before it (MMR in spirit, Carbonell and
 * Goldstein 1998, with category in place of similarity); one item per product, and no more per category than allowed.
 */
export class Selection {
  count = 0
  readonly items = new Int32Array(limits.itemsPerAnswer)
  readonly scores = new Float64Array(limits.itemsPerAnswer)
  private readonly catalog: Catalog
  private readonly top: TopItems
  private limits: Limits = { limit: 0, maxPerCategory: null, kept: 1 }
  /** What is kept of a score behind so many items of its category. */
  private readonly keptAfter = new Float64Array(limits.itemsPerAnswer + 1).fill(1)
  private turn = 0
  private takenGroups = new Int32Array(0)
  private takenItems = new Int32Array(0)
  private perCategory = new Int32Array(0)
  private categoriesUsed: number[] = []

  constructor(catalog: Catalog) {
    this.catalog = catalog
    this.top = new TopItems(item => catalog.items.nameOf(item), 3 * limits.itemsPerAnswer)
  }

  begin(limits: Limits): void {
    this.count = 0
    if (limits.kept !== this.limits.kept) {
      for (let before = 0; before < this.keptAfter.length; before++) this.keptAfter[before] = limits.kept ** before
    }
    this.limits = limits
    if (++this.turn >= 0x7fffffff) {
      this.takenGroups.fill(0)
      this.takenItems.fill(0)
      this.turn = 1
    }
    const { items, categories } = this.catalog
    this.takenItems = grown(this.takenItems, items.count, 0)
    this.perCategory = grown(this.perCategory, categories.count, 0)
    for (const category of this.categoriesUsed) this.perCategory[category] = 0
    this.categoriesUsed.length = 0
  }

  get isFull(): boolean {
    return this.count >= this.limits.limit
  }

  get missing(): number {
    return this.limits.limit - this.count
  }

  /** Not in the list, nor a variant of what is, and its category has room. Rules are the caller's. */
  fits(item: number): boolean {
    if (this.takenItems[item] === this.turn) return false
    const { byVariants, byCategory } = this.catalog
    const group = byVariants.groupOf[item]
    if (group >= 0 && this.takenGroups[group] === this.turn) return false
    const { maxPerCategory } = this.limits
    if (maxPerCategory === null) return true
    const category = byCategory.groupOf[item]
    return category < 0 || this.perCategory[category] < maxPerCategory
  }

  take(item: number, score: number): void {
    const { byVariants, byCategory } = this.catalog
    this.takenItems[item] = this.turn
    const group = byVariants.groupOf[item]
    if (group >= 0) {
      if (group >= this.takenGroups.length) this.takenGroups = grown(this.takenGroups, group + 1, 0)
      this.takenGroups[group] = this.turn
    }
    const category = byCategory.groupOf[item]
    if (category >= 0) {
      if (this.perCategory[category]++ === 0) this.categoriesUsed.push(category)
    }
    this.items[this.count] = item
    this.scores[this.count++] = score
  }

  /** Takes what is best of the candidates; `tierOf` slots of a later tier stand behind all of an earlier. */
  takeBest(set: CandidateSet, tiers: Uint8Array | null): void {
    const { top, limits } = this
    if (set.count === 0) return
    top.reset(Math.min(set.count, Math.max(64, 3 * limits.limit)))
    for (let slot = 0; slot < set.count; slot++) {
      if (set.totals[slot] > 0) {
        const tier = tiers === null ? 0 : tiers[slot]
        top.offer(set.items[slot], set.totals[slot] - tier * tierStep)
      }
    }
    top.sort()
    let previous = 1
    let head = 0
    while (!this.isFull) {
      // What does not fit never will: the list only grows.
      while (head < top.count && !this.fits(top.items[head])) head++
      const place = this.bestPlace(head)
      if (place < 0) return
      previous = Math.min(previous, this.worth(place))
      this.take(top.items[place], previous)
    }
  }

  /** Place, from `head` on, of the best candidate after what has been taken; −1: none left. */
  private bestPlace(head: number): number {
    const { top, keptAfter, catalog } = this
    let best = -1
    let bestKey = -Infinity
    for (let place = head; place < top.count; place++) {
      const key = top.keys[place]
      // Sorted, and diversity only takes away: nothing further down can win.
      if (key <= bestKey) break
      const item = top.items[place]
      if (!this.fits(item)) continue
      const category = catalog.byCategory.groupOf[item]
      const before = category >= 0 ? this.perCategory[category] : 0
      const adjusted = before === 0 ? key : adjustedKey(key, keptAfter[before])
      if (adjusted > bestKey) {
        best = place
        bestKey = adjusted
      }
    }
    return best
  }

  private worth(place: number): number {
    const { top, keptAfter, catalog } = this
    const category = catalog.byCategory.groupOf[top.items[place]]
    const before = category >= 0 ? this.perCategory[category] : 0
    const tier = tierOf(top.keys[place])
    return ((top.keys[place] + tier * tierStep) * keptAfter[before]) / 2 ** tier
  }
}

const tierOf = (key: number) => (key > 0 ? 0 : Math.ceil(-key / tierStep))

function adjustedKey(key: number, factor: number): number {
  const tier = tierOf(key)
  return (key + tier * tierStep) * factor - tier * tierStep
}
