import { limits } from '../schemas/http.ts'
import type { PopularItems, Scope } from './popular-items.ts'
import type { Rules } from './rules.ts'
import type { Selection } from './selection.ts'
import type { Shop } from './shop.ts'
import { TopItems } from './top-items.ts'

/** Why an item was taken to fill the list: `group` is the category, where there is one. */
export interface Filling {
  isPopular: boolean
  category: number
}

const plain: Filling = { isPopular: false, category: -1 }
/** More are asked for than needed, since variants and full categories fall out. */
const spareItems = 32
/** Scores of fillers start from here, or from the last score before them if that is less. */
const scoreStart = 0.01
const scoreStep = 0.98
/** Above any time in ms, so that a time minus it is below any key of popularity. */
const beforeAnyPopularity = 1e15

/**
 * Lists never end early while something is left that the rules allow: first what is popular in the categories or price
 * bands asked for, then in the shop, then everything, by popularity, newness and id. Only this last step looks at every
 * item of the categories asked for, or of the shop: about 10 ns each.
 */
export class Fill {
  /** By position in the list. */
  readonly fillings: Filling[] = []
  private readonly popular: PopularItems
  private readonly rules: Rules
  private readonly selection: Selection
  private readonly top: TopItems
  private score = 0

  constructor(parts: { shop: Shop; rules: Rules; selection: Selection }) {
    const { catalog, popular } = parts.shop
    this.popular = popular
    this.rules = parts.rules
    this.selection = parts.selection
    this.top = new TopItems(item => catalog.items.nameOf(item), limits.itemsPerAnswer + spareItems)
  }

  /** `near`: categories to look in first, where the rules name none. `isLate` leaves out the last step. */
  fill(near: readonly number[], now: number, isLate: boolean): void {
    const { selection, rules } = this
    if (selection.isFull) return
    const last = selection.count > 0 ? selection.scores[selection.count - 1] : scoreStart
    this.score = Math.min(last, scoreStart)
    const asked = rules.askedCategories
    for (const node of asked.length > 0 ? asked : near) this.takeRanked('category', node, now)
    if (asked.length === 0) {
      for (const band of rules.askedPriceBands()) this.takeRanked('price_band', band, now)
      this.takeRanked('all', 0, now)
    }
    if (!isLate) this.scan(asked)
  }

  private takeRanked(scope: Scope, group: number, now: number): void {
    if (this.selection.isFull) return
    const { items } = this.popular.ranked('week', scope, group, now)
    const filling = { isPopular: true, category: scope === 'category' ? group : -1 }
    for (let i = 0; i < items.length; i++) this.take(items[i], filling)
  }

  private scan(categories: readonly number[]): void {
    const { selection, top, popular, rules } = this
    if (rules.allowNothing) return
    const offer = (item: number) => {
      if (rules.allows(item) && selection.fits(item)) top.offer(item, this.keyOf(item))
    }
    while (!selection.isFull) {
      const wanted = selection.missing + spareItems
      top.reset(wanted)
      if (categories.length === 0) popular.forEachMember('all', 0, offer)
      for (const node of categories) popular.forEachMember('category', node, offer)
      const isAll = top.count < wanted
      top.sort()
      for (let i = 0; i < top.count; i++) this.take(top.items[i], plain)
      if (isAll) return
    }
  }

  private take(item: number, filling: Filling): void {
    const { selection, fillings, rules } = this
    if (selection.isFull || !selection.fits(item) || !rules.allows(item)) return
    fillings[selection.count] = filling
    this.score *= scoreStep
    selection.take(item, this.score)
  }

  /** Popular before new before the rest. */
  private keyOf(item: number): number {
    const week = this.popular.keyOf(item, 'week')
    if (week > -Infinity) return week
    const newest = this.popular.keyOf(item, 'newest')
    return newest > -Infinity ? newest - beforeAnyPopularity : -2 * beforeAnyPopularity
  }
}
