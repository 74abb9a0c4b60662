import type { CandidateSet } from './candidate-set.ts'
import { addContentNeighbours } from './content-neighbours.ts'
import type { RankedItems } from './popular-items.ts'
import type { Shop } from './shop.ts'
import { source } from './sources.ts'
import { type Ask, type ItemList, type Liking, Seeds, seedsMax } from './visit.ts'

/** How much of a list is read: the first seeds lead further. */
const neighboursOfSeed = [50, 50, 24, 24, 12, 12, 12, 12]
/** An item with fewer neighbours than this is helped by what it is. */
const knownNeighbours = 12
/** Neighbours by vector; below this nearness they are noise. */
const nearMax = 48
const nearnessMin = 0.2
/** Beside what `addContentNeighbours` gives a shared category, brand and title: 1.1 at most. */
const nearShare = 1
const recency = Array.from({ length: seedsMax }, (_, i) => 0.8 ** i)

/** Collects the evidence for one answer, source by source. */
export class Gathering {
  readonly seeds = new Seeds()
  private readonly shop: Shop
  private readonly set: CandidateSet

  constructor(shop: Shop, set: CandidateSet) {
    this.shop = shop
    this.set = set
  }

  /** Which items evidence starts from: what is asked about, then the visit. */
  chooseSeeds(ask: Ask): void {
    const { seeds } = this
    seeds.count = 0
    const { blend, asked, recent } = ask
    const isCart = blend === 'cart'
    const isNeighbours = blend === 'similar' || blend === 'bought_together'
    for (let i = 0; i < asked.length && i < seedsMax; i++) {
      if (isNeighbours && i > 0) break
      this.seed(asked[i], isCart ? 0.6 * recency[i] : recency[i], recency[i])
    }
    if (isNeighbours) return
    const aside = asked.length === 0 ? 1 : isCart ? 0.4 : 0.3
    for (let i = 0; i < recent.length && seeds.count < seedsMax; i++) {
      const weight = aside * recency[Math.min(i, seedsMax - 1)]
      // Who has bought it needs no other of its kind, but what goes with it.
      if (ask.recentBought[i]) this.seed(recent[i], weight * 0.4, weight)
      else this.seed(recent[i], weight, weight * 0.3)
    }
  }

  /** One read of the store for all seeds; none when everything is at hand. */
  loadNeighbours(): void {
    this.shop.neighbours.load(this.seeds.items, this.seeds.count)
  }

  /** From behaviour: what people looked at, or bought in the end, with the seeds. */
  addSimilarItems(): void {
    const { seeds, shop } = this
    for (let i = 0; i < seeds.count; i++) {
      const similar = shop.neighbours.similarTo(seeds.items[i])
      if (similar === null) continue
      const reading = { seed: seeds.items[i], weight: seeds.viewWeights[i], depth: neighboursOfSeed[i] }
      this.addSimilar(source.co_viewed, similar.viewed, reading)
      this.addSimilar(source.viewed_then_bought, similar.bought, reading)
    }
  }

  /** What went into one basket with the seeds. */
  addCompanionItems(): void {
    const { seeds, shop } = this
    for (let i = 0; i < seeds.count; i++) {
      const companions = shop.neighbours.companionsOf(seeds.items[i])
      if (companions === null) continue
      this.addCompanions(companions, {
        seed: seeds.items[i],
        weight: seeds.basketWeights[i],
        depth: neighboursOfSeed[i]
      })
    }
  }

  /** From what they are: for the first seed where behaviour says little. */
  addContent(ask: Ask): void {
    const seed = ask.asked.length > 0 ? ask.asked[0] : (ask.recent[0] ?? -1)
    // On its own page an item of a sensitive category may be followed by its like; elsewhere it leads nowhere.
    if (seed < 0 || (this.shop.catalog.isSensitive(seed) && !isProductPage(ask))) return
    const known = this.shop.neighbours.similarTo(seed)?.viewed.items.length ?? 0
    if (known >= knownNeighbours) return
    addContentNeighbours(this.shop, this.set, seed, ask.now)
    this.addNear(seed)
  }

  /** By vector, whatever category they are in. */
  private addNear(seed: number): void {
    const { catalog, vectors } = this.shop
    const { items, scores } = vectors.neighboursOf(seed, nearMax)
    for (let i = 0; i < items.length && scores[i] >= nearnessMin; i++) {
      if (!catalog.isSensitive(items[i])) this.set.add(source.similar_content, items[i], nearShare * scores[i], seed)
    }
  }

  addAffinities({ profile, now }: Ask): void {
    if (profile === null) return
    this.addLiking(source.affinity_category, 'category', profile.categories, now)
    this.addLiking(source.affinity_brand, 'brand', profile.brands, now)
    this.addLiking(source.affinity_price_band, 'price_band', profile.priceBands, now)
  }

  addRecent({ recent, recentBought, asked }: Ask): void {
    for (let i = 0; i < recent.length && i < seedsMax; i++) {
      const item = recent[i]
      if (recentBought[i] || asked.includes(item) || this.shop.catalog.isSensitive(item)) continue
      this.set.add(source.recently_viewed, item, recency[i], item)
    }
  }

  /** From the shop as a whole; `categories` are those of the page. */
  addPopular(ask: Ask, categories: readonly number[]): void {
    const { popular } = this.shop
    const { now, blend } = ask
    for (let i = 0; i < categories.length && i < 3; i++) {
      const ranked = popular.ranked('week', 'category', categories[i], now)
      this.addRanked(source.popular_in_category, ranked, { seed: categories[i], weight: 1, depth: 48 })
    }
    const general = { seed: -1, weight: 1, depth: blend === 'home' || blend === 'email' ? 48 : 16 }
    this.addRanked(source.popular, popular.ranked(blend === 'email' ? 'month' : 'week', 'all', 0, now), general)
    if (blend === 'similar' || blend === 'bought_together' || blend === 'product') return
    this.addRanked(source.trending, popular.ranked('trending', 'all', 0, now), { seed: -1, weight: 1, depth: 24 })
    if (blend === 'cart') return
    this.addRanked(source.new_arrival, popular.ranked('newest', 'all', 0, now), { seed: -1, weight: 1, depth: 12 })
  }

  /** Items of sensitive categories lead nowhere. */
  private seed(item: number, viewWeight: number, basketWeight: number): void {
    if (!this.shop.catalog.isSensitive(item)) this.seeds.add(item, viewWeight, basketWeight)
  }

  private addLiking(column: number, scope: 'category' | 'brand' | 'price_band', liking: Liking, now: number): void {
    const { popular } = this.shop
    for (let i = 0; i < liking.groups.length && i < 3; i++) {
      const group = liking.groups[i]
      const ranked = popular.ranked('week', scope, group, now)
      this.addRanked(column, ranked, { seed: group, weight: liking.shares[i], depth: i === 0 ? 16 : 8 })
    }
  }

  private addSimilar(column: number, { items, scores }: ItemList, { seed, weight, depth }: Reading): void {
    const { set } = this
    const { catalog, neighbours } = this.shop
    const { days } = neighbours.totals
    const root = days.of(seed)
    const end = Math.min(items.length, depth)
    for (let i = 0; i < end; i++) {
      const item = items[i]
      if (!catalog.isSensitive(item)) set.add(column, item, weight * days.cosine(scores[i], root, item), seed)
    }
  }

  private addCompanions({ items, scores }: ItemList, { seed, weight, depth }: Reading): void {
    const { set } = this
    const { catalog, neighbours } = this.shop
    const { totals } = neighbours
    const root = totals.orders.of(seed)
    const end = Math.min(items.length, depth)
    for (let i = 0; i < end; i++) {
      const item = items[i]
      if (catalog.isSensitive(item) || !totals.isMoreThanChance(scores[i], item)) continue
      set.add(source.bought_together, item, weight * totals.orders.cosine(scores[i], root, item), seed)
    }
  }

  private addRanked(column: number, { items, shares }: RankedItems, { seed, weight, depth }: Reading): void {
    const { set } = this
    const end = Math.min(items.length, depth)
    for (let i = 0; i < end; i++) set.add(column, items[i], shares[i] * weight, seed)
  }
}

const isProductPage = ({ blend, asked }: Ask) =>
  asked.length > 0 && (blend === 'product' || blend === 'similar' || blend === 'bought_together')

interface Reading {
  seed: number
  weight: number
  /** Entries read at most. */
  depth: number
}
