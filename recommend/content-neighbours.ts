import type { CandidateSet } from './candidate-set.ts'
import type { Catalog } from './catalog.ts'
import type { PopularItems } from './popular-items.ts'
import type { Shop } from './shop.ts'
import { source } from './sources.ts'

/** Groups up to this size are looked at whole, larger ones by their most popular. */
const groupItemsMax = 64
const popularItemsMax = 24
const wordItemsMax = 64
const rareWords = 2
const likenessMin = 0.1

const share = { category: 0.35, parentCategory: 0.15, brand: 0.2, priceBand: 0.1, title: 0.35 } as const

/**
 * What resembles an item by category, brand, price band and title: for items that too few people have looked at. Looks at
 * no more than about 250 others.
 */
export function addContentNeighbours(shop: Shop, set: CandidateSet, seed: number, now: number): void {
  const { catalog, popular } = shop
  const category = catalog.byCategory.groupOf[seed]
  const brand = catalog.byBrand.groupOf[seed]
  const title = wordWeights(catalog, seed)
  const seen = new Set<number>([seed])
  const consider = (item: number) => {
    if (seen.has(item)) return
    seen.add(item)
    const likeness = likenessOf(catalog, seed, item) + share.title * sharedTitle(catalog, title, item)
    if (likeness >= likenessMin) set.add(source.similar_content, item, likeness, seed)
  }
  considerGroup(popular, catalog.byCategory.membersOf(category), { scope: 'category', group: category, now }, consider)
  considerGroup(popular, catalog.byBrand.membersOf(brand), { scope: 'brand', group: brand, now }, consider)
  for (const word of title.rarest) for (const item of catalog.words.itemsWith(word)) consider(item)
}

interface Group {
  scope: 'category' | 'brand'
  group: number
  now: number
}

function considerGroup(
  popular: PopularItems,
  members: readonly number[],
  { scope, group, now }: Group,
  consider: (item: number) => void
): void {
  if (members.length <= groupItemsMax) {
    for (const item of members) consider(item)
    return
  }
  const { items } = popular.ranked('week', scope, group, now)
  for (let i = 0; i < items.length && i < popularItemsMax; i++) consider(items[i])
}

function likenessOf(catalog: Catalog, seed: number, item: number): number {
  const { byCategory, byBrand, byPriceBand, categories } = catalog
  let likeness = 0
  const category = byCategory.groupOf[seed]
  const other = byCategory.groupOf[item]
  if (category >= 0 && other >= 0) {
    if (category === other) likeness += share.category
    else if (categories.parentOf(category) >= 0 && categories.parentOf(category) === categories.parentOf(other)) {
      likeness += share.parentCategory
    }
  }
  if (byBrand.groupOf[seed] >= 0 && byBrand.groupOf[seed] === byBrand.groupOf[item]) likeness += share.brand
  const band = byPriceBand.groupOf[seed]
  if (band >= 0 && byPriceBand.groupOf[item] >= 0 && Math.abs(band - byPriceBand.groupOf[item]) <= 1) {
    likeness += share.priceBand
  }
  return likeness
}

interface TitleWeights {
  words: Int32Array
  weights: number[]
  total: number
  /** The words that lead to few other items. */
  rarest: number[]
}

function wordWeights(catalog: Catalog, seed: number): TitleWeights {
  const words = catalog.words.wordsOfItem(seed)
  const weights = Array.from(words, word => catalog.words.weightOf(word))
  const rarest = Array.from(words)
    .filter(word => {
      const { length } = catalog.words.itemsWith(word)
      return length > 1 && length <= wordItemsMax
    })
    .sort((a, b) => catalog.words.itemsWith(a).length - catalog.words.itemsWith(b).length || a - b)
    .slice(0, rareWords)
  return { words, weights, total: weights.reduce((sum, weight) => sum + weight, 0), rarest }
}

function sharedTitle(catalog: Catalog, title: TitleWeights, item: number): number {
  if (title.total <= 0) return 0
  const others = catalog.words.wordsOfItem(item)
  let shared = 0
  for (let i = 0; i < title.words.length; i++) if (others.includes(title.words[i])) shared += title.weights[i]
  return shared / title.total
}
