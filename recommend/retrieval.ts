import type { Reason } from '../schemas/http.ts'
import { type Blend, blendWeights, isIndexed, weightsWithBasket, weightsWithIndex } from './blend-weights.ts'
import { CandidateSet, candidatesMax } from './candidate-set.ts'
import { Fill } from './fill.ts'
import { Gathering } from './gather.ts'
import type { NextOrderSink } from './order-index.ts'
import { fillReason, reasonsOf } from './reasons.ts'
import { Rules } from './rules.ts'
import { Selection } from './selection.ts'
import type { Shop } from './shop.ts'
import { source, sources } from './sources.ts'
import type { Ask } from './visit.ts'

/** What is kept of a score per item of the same category before it; lists of neighbours are alike by nature. */
const kept: Record<Blend, number> = {
  home: 0.92,
  product: 0.97,
  cart: 0.94,
  email: 0.92,
  similar: 1,
  bought_together: 1
}
/** Of a cart, the newest so many are asked about. */
const cartItemsMax = 16
/** Longer lists of candidates to be ranked ask the session index for no more. */
const indexedMax = 100
/** Candidates of a next order per item of the list: of variants one is shown, and diversity moves some back. */
const orderedPerItem = 2
/** No column: neither index found anything. */
const nothingNext = -1
/** Of an item looked at in this visit already. */
const seenAgain = 0.5

/**
 * One answer in four steps, each a call so that they can be timed and left out: `gather`, `rank`, `select`, then
 * `reasons`. `rules` must have begun. Everything is synchronous and used again for the next answer.
 */
export class Retrieval {
  readonly rules: Rules
  readonly selection: Selection
  private readonly shop: Shop
  private readonly set = new CandidateSet()
  private readonly gathering: Gathering
  private readonly filler: Fill
  private readonly tiers = new Uint8Array(candidatesMax)
  private hasTiers = false
  private readonly substitutes: number[] = []
  /** What the session index found for this visit, or what this customer may order, is in the list; in this column. */
  private next: number = nothingNext

  constructor(shop: Shop) {
    this.shop = shop
    this.rules = new Rules(shop.catalog)
    this.selection = new Selection(shop.catalog)
    this.gathering = new Gathering(shop, this.set)
    this.filler = new Fill({ shop, rules: this.rules, selection: this.selection })
  }

  gather(ask: Ask): void {
    const { set, rules } = this
    set.begin(this.shop.catalog.items.count, rules.allows)
    this.addNext(ask)
    const isEnough = this.hasNext && ask.blend !== 'cart' && set.count >= ask.limit
    if (!isEnough) this.collect(ask, rules.askedCategories)
  }

  /** Evidence for these items only, whatever the rules say. */
  gatherFor(items: readonly number[], ask: Ask): void {
    this.set.begin(this.shop.catalog.items.count, () => true)
    for (const item of items) if (item >= 0) this.set.slotFor(item)
    this.set.close()
    this.ranked = items.length
    this.addNext(ask)
    this.collect(ask, [])
  }

  rank(ask: Ask): void {
    const { set, hasNext } = this
    set.blend(this.weightsFor(ask.blend))
    const knowsWhoComesBack = hasNext && this.shop.visits.version > 0
    if (ask.blend !== 'email' && !knowsWhoComesBack) this.demoteSeen(ask)
    this.hasTiers = false
    this.substitutes.length = 0
    if (hasNext && ask.blend !== 'cart') this.preferNext()
    else if (ask.blend === 'similar') this.preferOwn(source.co_viewed, source.viewed_then_bought)
    else if (ask.blend === 'bought_together') this.preferOwn(source.bought_together, source.bought_together)
    else if (ask.blend === 'cart') {
      if (hasNext) this.preferOwn(source.bought_together, source.bought_together)
      this.setSubstitutesAside(ask)
    }
  }

  select(ask: Ask): void {
    const { limit, maxPerCategory, blend, now, isLate } = ask
    this.selection.begin({ limit, maxPerCategory, kept: isLate ? 1 : kept[blend] })
    this.selection.takeBest(this.set, this.hasTiers ? this.tiers : null)
    this.ranked = this.selection.count
    this.filler.fill(this.near(ask), now, isLate)
    if (this.substitutes.length > 0) this.takeSubstitutes()
  }

  /** Total of an item of `gatherFor` after `rank`; 0: nothing speaks for it. */
  totalOf(item: number): number {
    const slot = this.set.find(item)
    return slot < 0 ? 0 : this.set.totals[slot]
  }

  /** Which model ordered the list, and the version of its weights. */
  get method(): { name: 'blend' | 'basket'; version: number } {
    const { visits, orders } = this.shop
    return this.next === source.next_basket
      ? { name: 'basket', version: orders.version }
      : { name: 'blend', version: visits.version }
  }

  /** At least one, strongest first. */
  reasonsOf(item: number, position: number): Reason[] {
    const slot = this.set.find(item)
    if (slot >= 0 && this.set.totals[slot] !== 0) return reasonsOf(this.shop.catalog, this.set, slot)
    return [fillReason(this.shop.catalog, position >= this.ranked ? this.filler.fillings[position] : undefined)]
  }

  /** What each source added. */
  partsOf(item: number): Record<string, number> {
    const parts: Record<string, number> = {}
    const slot = this.set.find(item)
    if (slot < 0) return parts
    for (let column = 0; column < sources.length; column++) {
      const part = this.set.part(slot, column)
      if (part > 0) parts[sources[column]] = Math.round(part * 1e6) / 1e6
    }
    return parts
  }

  /** Evidence of this person, session or item is behind it. */
  isOwn(item: number): boolean {
    const slot = this.set.find(item)
    return slot >= 0 && this.set.isOwn(slot)
  }

  /** So many of the list are candidates; the rest fills it. */
  private ranked = 0

  private collect(ask: Ask, categories: readonly number[]): void {
    const { gathering } = this
    gathering.chooseSeeds(ask)
    gathering.loadNeighbours()
    // On a cart the session index says what visitors look at; pairs that were bought say the rest.
    if (!(this.hasNext && ask.blend === 'cart')) gathering.addSimilarItems()
    gathering.addCompanionItems()
    // Where the index has spoken, these would only add what it has or has not preferred already.
    if (!this.hasNext) {
      if (ask.blend === 'home' || ask.blend === 'cart' || ask.blend === 'email') gathering.addRecent(ask)
      if (!ask.isLate) {
        gathering.addContent(ask)
        gathering.addAffinities(ask)
      }
    }
    gathering.addPopular(ask, categories.length > 0 ? categories : this.near(ask))
  }

  private get hasNext(): boolean {
    return this.next !== nothingNext
  }

  private weightsFor(blend: Blend): Float64Array {
    if (this.next === source.next_basket) return weightsWithBasket
    return this.hasNext && isIndexed(blend) ? weightsWithIndex[blend] : blendWeights[blend]
  }

  /** What the indexes know of the visit, or of the customer; past the deadline they are not asked. */
  private addNext({ visit, customer, now, isLate, limit, maxPerCategory }: Ask): void {
    const { visits, orders } = this.shop
    this.next = nothingNext
    if (isLate) return
    if (visit !== null) visits.find(visit, Math.min(limit, indexedMax), this.takeNextItem)
    if (customer !== null)
      orders.find(customer, { now, wanted: this.ordersWanted(limit, maxPerCategory) }, this.nextOrders)
  }

  /** Of items that were given, and where a category has room for few, all that there are. */
  private ordersWanted(limit: number, maxPerCategory: number | null): number {
    return this.set.isOpen && maxPerCategory === null ? orderedPerItem * limit : candidatesMax
  }

  private readonly takeNextItem = (item: number, share: number, seed: number): void => {
    this.take(source.next_item, item, share, seed)
  }

  /** Asks the rules before the list is cut, so that what they keep out takes nobody's place. */
  private readonly nextOrders: NextOrderSink = {
    takes: item => (this.set.isOpen ? this.rules.allows(item) : this.set.find(item) >= 0),
    take: (item, share, seed) => this.take(source.next_basket, item, share, seed)
  }

  private take(column: number, item: number, share: number, seed: number): void {
    if (this.set.slotFor(item) < 0) return
    this.next = column
    this.set.add(column, item, share, seed)
  }

  /** Its order is that of the list; everything else follows. Among candidates that were given, all evidence adds up. */
  private preferNext(): void {
    const { set, tiers, next } = this
    if (!set.isOpen) {
      for (let slot = 0; slot < set.count; slot++) set.totals[slot] /= 2
      return
    }
    this.hasTiers = true
    for (let slot = 0; slot < set.count; slot++) {
      tiers[slot] = set.has(slot, next) ? 0 : 1
      if (tiers[slot] === 0) set.totals[slot] = Math.min(set.totals[slot], set.part(slot, next))
    }
  }

  /** Categories of what is asked about. */
  private near({ asked, blend }: Ask): number[] {
    if (asked.length === 0 || blend === 'cart') return []
    const category = this.shop.catalog.byCategory.groupOf[asked[0]]
    return category < 0 || this.shop.catalog.isSensitiveCategory(category) ? [] : [category]
  }

  private demoteSeen({ recent }: Ask): void {
    for (const item of recent) {
      const slot = this.set.find(item)
      if (slot >= 0) this.set.totals[slot] *= seenAgain
    }
  }

  private preferOwn(first: number, second: number): void {
    this.hasTiers = true
    for (let slot = 0; slot < this.set.count; slot++) {
      this.tiers[slot] = this.set.has(slot, first) || this.set.has(slot, second) ? 0 : 1
    }
  }

  /** What one would take instead of something in the cart, and nobody together with it, comes when nothing else is left. */
  private setSubstitutesAside({ asked }: Ask): void {
    const { set, shop } = this
    const { groupOf } = shop.catalog.byCategory
    for (let i = 0; i < asked.length && i < cartItemsMax; i++) {
      const category = groupOf[asked[i]]
      if (category >= 0 && this.hasNext) this.setCategoryAside(category)
      const similar = shop.neighbours.similarTo(asked[i])
      if (category < 0 || similar === null) continue
      for (const item of similar.viewed.items) {
        const slot = groupOf[item] === category ? set.find(item) : -1
        if (slot >= 0) this.setAside(slot)
      }
    }
  }

  /** What visitors open next is often another of the same kind. */
  private setCategoryAside(category: number): void {
    const { set, shop } = this
    const { groupOf } = shop.catalog.byCategory
    for (let slot = 0; slot < set.count; slot++) {
      if (groupOf[set.items[slot]] === category && set.has(slot, source.next_item)) this.setAside(slot)
    }
  }

  private setAside(slot: number): void {
    const { set, substitutes } = this
    if (set.totals[slot] <= 0 || set.has(slot, source.bought_together)) return
    set.totals[slot] *= -1
    substitutes.push(set.items[slot])
    this.rules.exclude(set.items[slot], 'substitute')
  }

  private takeSubstitutes(): void {
    const { selection, substitutes, set } = this
    const totalOf = (item: number) => set.totals[set.find(item)]
    substitutes.sort((a, b) => totalOf(a) - totalOf(b))
    let score = selection.count > 0 ? selection.scores[selection.count - 1] : 1
    for (const item of substitutes) {
      if (selection.isFull) return
      if (!selection.fits(item)) continue
      score = Math.min(score, -totalOf(item))
      selection.take(item, score)
    }
  }
}
