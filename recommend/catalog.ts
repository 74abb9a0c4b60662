import type { CatalogItem } from '../schemas/views.ts'
import { CategoryTree } from './category-tree.ts'
import { Grouping } from './grouping.ts'
import { grown } from './grown.ts'
import { Ordinals } from './ordinals.ts'
import { priceBand } from './price-band.ts'
import { TitleWords } from './title-words.ts'

/** What is known of an item, as bits; the first five can keep it out of a list. */
export const marks = {
  unlisted: 1,
  inactive: 2,
  out_of_stock: 4,
  blocked: 8,
  sensitive: 16,
  /** Only for a time. */
  timed: 32,
  /** Only in some regions. */
  regional: 64
} as const

/** What the shop keeps out of lists, whatever its catalog says. */
export interface Restrictions {
  blockedItems: readonly string[]
  blockedCategories: readonly string[]
  /** Named in no reason, no e-mail and nobody else's list. */
  sensitiveCategories: readonly string[]
}

export const noRestrictions: Restrictions = { blockedItems: [], blockedCategories: [], sensitiveCategories: [] }

/** Products at most; about 0.7 KB each with their words and popularity. */
const itemsMax = 1 << 22
/**
 * Ids at most that only events or lists have named: anybody may send those. About 200 bytes each. Beyond it such an id is
 * unknown until the catalog names it.
 */
const strangersMax = 200_000
const brandsMax = 1 << 18
const groupsMax = itemsMax

/** All products by number, column by column: what rules ask and what answers show. About 0.5 KB per item. */
export class Catalog {
  readonly items = new Ordinals(itemsMax)
  readonly categories = new CategoryTree()
  readonly brands = new Ordinals(brandsMax)
  readonly byCategory = new Grouping()
  readonly byBrand = new Grouping()
  readonly byPriceBand = new Grouping()
  readonly byVariants = new Grouping()
  readonly words = new TitleWords()
  marks = new Uint8Array(0)
  /** NaN = none. */
  prices = new Float64Array(0)
  /** NaN = not known. */
  createdAt = new Float64Array(0)
  readonly titles: (string | undefined)[] = []
  private readonly windows = new Map<number, { from: number; until: number }>()
  private readonly regions = new Map<number, ReadonlySet<string>>()
  private readonly groups = new Ordinals(groupsMax)
  private blockedItems: ReadonlySet<string> = new Set()
  private blocked: number[] = []
  private sensitive: number[] = []
  private listed = 0
  private strangers = 0
  private readonly strangersMax: number

  constructor(options: { strangersMax?: number } = {}) {
    this.strangersMax = options.strangersMax ?? strangersMax
  }

  /** false: this shop sends no products, so every item that somebody acted on will do. */
  get hasRows(): boolean {
    return this.listed > 0
  }

  /** Ids had to be left without a number: what is known of them is to be read again when the catalog names them. */
  get hasStrangersLeftOut(): boolean {
    return this.strangers >= this.strangersMax
  }

  /** The number of an item that events or lists name; −1 when there are too many of those. */
  intern(productId: string): number {
    const known = this.items.find(productId)
    if (known >= 0 || this.strangers >= this.strangersMax) return known
    this.strangers++
    return this.added(productId)
  }

  put(row: CatalogItem): number {
    const known = this.items.find(row.product_id)
    const item = known >= 0 ? known : this.added(row.product_id)
    if (item < 0) return item
    const wasListed = (this.marks[item] & marks.unlisted) === 0
    if (!wasListed) this.listed++
    const category = row.category === null ? -1 : this.categories.intern(row.category)
    this.byCategory.assign(item, category)
    this.byBrand.assign(item, row.brand === null ? -1 : this.brands.intern(row.brand))
    this.byPriceBand.assign(item, priceBand(row.price) ?? -1)
    this.byVariants.assign(item, this.groups.intern(row.group_id))
    this.prices[item] = row.price ?? Number.NaN
    this.createdAt[item] = row.created_at ?? Number.NaN
    if (!wasListed || this.titles[item] !== row.title) this.words.put(item, row.title)
    this.titles[item] = row.title
    this.marks[item] = this.marksOf(row, item, category)
    return item
  }

  remove(productId: string): number {
    const item = this.items.find(productId)
    if (item < 0 || this.marks[item] & marks.unlisted) return item
    this.listed--
    this.byCategory.assign(item, -1)
    this.byBrand.assign(item, -1)
    this.byPriceBand.assign(item, -1)
    this.byVariants.assign(item, -1)
    this.words.put(item, null)
    this.titles[item] = undefined
    this.prices[item] = Number.NaN
    this.windows.delete(item)
    this.regions.delete(item)
    this.marks[item] = marks.unlisted | this.restrictionMarks(item, -1)
    return item
  }

  /** Looks at every item: for changes made by people. */
  restrict(restrictions: Restrictions): void {
    this.blockedItems = new Set(restrictions.blockedItems)
    this.blocked = restrictions.blockedCategories.map(path => this.categories.intern(path))
    this.sensitive = restrictions.sensitiveCategories.map(path => this.categories.intern(path))
    for (let item = 0; item < this.items.count; item++) {
      const kept = this.marks[item] & ~(marks.blocked | marks.sensitive)
      this.marks[item] = kept | this.restrictionMarks(item, this.byCategory.groupOf[item])
    }
  }

  isOffered(item: number, now: number): boolean {
    const window = this.windows.get(item)
    return window === undefined || (now >= window.from && now < window.until)
  }

  isAvailableIn(item: number, region: string): boolean {
    return this.regions.get(item)?.has(region) ?? true
  }

  isSensitive(item: number): boolean {
    return (this.marks[item] & marks.sensitive) !== 0
  }

  isSensitiveCategory(category: number): boolean {
    return this.sensitive.some(node => this.categories.isWithin(category, node))
  }

  private marksOf(row: CatalogItem, item: number, category: number): number {
    let bits = this.restrictionMarks(item, category)
    if (!row.active) bits |= marks.inactive
    if (row.stock !== null && row.stock <= 0) bits |= marks.out_of_stock
    if (row.available_from !== null || row.available_until !== null) {
      bits |= marks.timed
      this.windows.set(item, { from: row.available_from ?? -Infinity, until: row.available_until ?? Infinity })
    } else this.windows.delete(item)
    if (row.available_in !== null) {
      bits |= marks.regional
      this.regions.set(item, new Set(row.available_in.map(regionOf)))
    } else this.regions.delete(item)
    return bits
  }

  private restrictionMarks(item: number, category: number): number {
    let bits = 0
    if (this.blockedItems.has(this.items.nameOf(item))) bits |= marks.blocked
    if (category < 0) return bits
    if (this.blocked.some(node => this.categories.isWithin(category, node))) bits |= marks.blocked
    if (this.isSensitiveCategory(category)) bits |= marks.sensitive
    return bits
  }

  /** With room in every column. */
  private added(productId: string): number {
    const item = this.items.intern(productId)
    if (item < 0) return item
    if (item >= this.marks.length) this.makeRoom(item + 1)
    this.marks[item] = marks.unlisted | this.restrictionMarks(item, -1)
    return item
  }

  private makeRoom(length: number): void {
    this.marks = grown(this.marks, length, marks.unlisted)
    this.prices = grown(this.prices, length, Number.NaN)
    this.createdAt = grown(this.createdAt, length, Number.NaN)
    for (const grouping of [this.byCategory, this.byBrand, this.byPriceBand, this.byVariants]) {
      grouping.reserve(this.marks.length)
    }
  }
}

/** Regions compare without regard to case. */
export const regionOf = (name: string) => name.toLowerCase()
