import { type Catalog, marks, regionOf } from './catalog.ts'
import { grown } from './grown.ts'
import { priceBand } from './price-band.ts'

/** What may keep an item out of a list, in the order in which it is asked. */
export const ruleNames = [
  'listed',
  'active',
  'in_stock',
  'blocked',
  'sensitive',
  'offered_now',
  'region',
  'price_min',
  'price_max',
  'categories',
  'excluded',
  'already_bought',
  'dismissed',
  'variant_of_asked',
  'substitute'
] as const
export type RuleName = (typeof ruleNames)[number]

/** Why an item is left out by name. */
const exclusions = ['excluded', 'already_bought', 'dismissed', 'variant_of_asked', 'substitute'] as const
export type Exclusion = (typeof exclusions)[number]
/** Turn and exclusion share a number. */
const perTurn = exclusions.length
const turnsMax = Math.floor(0x7fffffff / perTurn) - 1

/** Rules about the item alone are bits of the catalog, looked at all at once. */
const bitOf: Partial<Record<RuleName, number>> = {
  listed: marks.unlisted,
  active: marks.inactive,
  in_stock: marks.out_of_stock,
  blocked: marks.blocked,
  sensitive: marks.sensitive
}
/** Bits that call for a closer look. */
const special = marks.sensitive | marks.timed | marks.regional

export interface RuleSettings {
  now: number
  /** null: not known, so that nothing is refused for it. */
  region: string | null
  inStock: boolean
  priceMin: number | null
  priceMax: number | null
  /** null: all. */
  categories: readonly string[] | null
  /** Sensitive categories (nodes) that the caller asked for by name, or whose product it shows: only there are they allowed. */
  sensitiveWithin: readonly number[]
}

/**
 * The rules of one answer. Its arrays are used again: `begin`, then `exclude` what is left out by name, then `allows`.
 * An unknown price passes neither `price_min` nor `price_max`; an unknown stock counts as in stock.
 */
export class Rules {
  private readonly catalog: Catalog
  private bits = 0
  private settings!: RuleSettings
  private region: string | null = null
  private hasPrice = false
  private readonly categories: number[] = []
  private hasCategories = false
  private turn = 0
  private excluded = new Int32Array(0)
  private excludedVariants = new Int32Array(0)
  private hasExcludedVariants = false

  constructor(catalog: Catalog) {
    this.catalog = catalog
  }

  begin(settings: RuleSettings): void {
    const { catalog } = this
    this.settings = settings
    this.bits = marks.inactive | marks.blocked
    if (catalog.hasRows) this.bits |= marks.unlisted
    if (settings.inStock) this.bits |= marks.out_of_stock
    if (settings.sensitiveWithin.length === 0) this.bits |= marks.sensitive
    this.region = settings.region === null ? null : regionOf(settings.region)
    this.hasPrice = settings.priceMin !== null || settings.priceMax !== null
    this.hasCategories = settings.categories !== null
    this.categories.length = 0
    if (settings.categories !== null) this.chooseCategories(settings.categories)
    this.hasExcludedVariants = false
    this.excluded = grown(this.excluded, catalog.items.count, 0)
    if (++this.turn <= turnsMax) return
    this.excluded.fill(0)
    this.excludedVariants.fill(0)
    this.turn = 1
  }

  exclude(item: number, why: Exclusion): void {
    if (item >= 0) this.excluded[item] = this.turn * perTurn + exclusions.indexOf(why)
  }

  /** The item and everything that shares its group. */
  excludeVariantsOf(item: number): void {
    if (item < 0) return
    this.exclude(item, 'variant_of_asked')
    const group = this.catalog.byVariants.groupOf[item]
    if (group < 0) return
    this.hasExcludedVariants = true
    this.excludedVariants = grown(this.excludedVariants, group + 1, 0)
    this.excludedVariants[group] = this.turn
  }

  /** Nodes that `categories` names, none within another; empty without such a rule, or where none of them exists. */
  get askedCategories(): readonly number[] {
    return this.categories
  }

  /** Bands that hold the prices asked for; empty without such a rule. */
  askedPriceBands(): number[] {
    if (!this.hasPrice) return []
    const from = priceBand(this.settings.priceMin) ?? 0
    const to = priceBand(this.settings.priceMax ?? Number.MAX_VALUE) as number
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i)
  }

  /** None of the categories asked for exists. */
  get allowNothing(): boolean {
    return this.hasCategories && this.categories.length === 0
  }

  readonly allows = (item: number): boolean => {
    const bits = this.catalog.marks[item]
    if (bits & this.bits || this.excluded[item] >= this.turn * perTurn) return false
    if (bits & special && !(this.passes('sensitive', item) && this.isOfferedHere(item))) return false
    if (this.hasPrice && !(this.passes('price_min', item) && this.passes('price_max', item))) return false
    if (this.hasCategories && !this.isWithin(item, this.categories)) return false
    return !(this.hasExcludedVariants && this.isExcludedVariant(item))
  }

  /** The first rule that keeps the item out; null: none does. */
  refusalOf(item: number): RuleName | null {
    return ruleNames.find(rule => !this.passes(rule, item)) ?? null
  }

  private passes(rule: RuleName, item: number): boolean {
    const { catalog, settings } = this
    switch (rule) {
      case 'offered_now':
        return catalog.isOffered(item, settings.now)
      case 'region':
        return this.region === null || catalog.isAvailableIn(item, this.region)
      case 'price_min':
        return settings.priceMin === null || catalog.prices[item] >= settings.priceMin
      case 'price_max':
        return settings.priceMax === null || catalog.prices[item] <= settings.priceMax
      case 'categories':
        return !this.hasCategories || this.isWithin(item, this.categories)
      case 'excluded':
      case 'already_bought':
      case 'dismissed':
      case 'substitute':
        return !this.isExcluded(item, rule)
      case 'variant_of_asked':
        return !this.isExcluded(item, rule) && !(this.hasExcludedVariants && this.isExcludedVariant(item))
      case 'sensitive':
        return (catalog.marks[item] & marks.sensitive) === 0 || this.isWithin(item, settings.sensitiveWithin)
      default:
        return (catalog.marks[item] & this.bits & (bitOf[rule] as number)) === 0
    }
  }

  private chooseCategories(paths: readonly string[]): void {
    const tree = this.catalog.categories
    const nodes = new Set(paths.map(path => tree.find(path)).filter(node => node >= 0))
    for (const node of nodes) {
      let isCovered = false
      for (const other of nodes) if (other !== node && tree.isWithin(node, other)) isCovered = true
      if (!isCovered) this.categories.push(node)
    }
  }

  private isExcluded(item: number, why: Exclusion): boolean {
    return this.excluded[item] === this.turn * perTurn + exclusions.indexOf(why)
  }

  private isOfferedHere(item: number): boolean {
    return this.passes('offered_now', item) && this.passes('region', item)
  }

  private isWithin(item: number, nodes: readonly number[]): boolean {
    const { categories } = this.catalog
    const own = this.catalog.byCategory.groupOf[item]
    for (const node of nodes) if (categories.isWithin(own, node)) return true
    return false
  }

  private isExcludedVariant(item: number): boolean {
    const group = this.catalog.byVariants.groupOf[item]
    return group >= 0 && this.excludedVariants[group] === this.turn
  }
}
