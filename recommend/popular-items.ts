import { halfLives, type ItemFeatures } from '../schemas/views.ts'
import { type Catalog, marks } from './catalog.ts'
import { grown } from './grown.ts'
import { TopItems } from './top-items.ts'

/**
 * Popularity that our own answers did not cause, decayed over a week and over a month; what is trending: the last day
 * measured against the month; and what is new.
 */
export const rankings = ['week', 'month', 'trending', 'newest'] as const
export type Ranking = (typeof rankings)[number]

export const scopes = ['all', 'category', 'brand', 'price_band'] as const
export type Scope = (typeof scopes)[number]

/** Best first. `shares` are relative to the first, 0..1. */
export interface RankedItems {
  readonly items: Int32Array
  readonly shares: Float32Array
}

/** Lists are this long: about three times the longest answer, since rules take some out. */
const listItemsMax = 256
/** Building costs about 10 ns a member, so at most 1 % of the thread goes into one list, and 1 ms is the longest for 100,000. */
const rebuildMs = (members: number) => 20 + members / 1000

const nothing: RankedItems = { items: new Int32Array(0), shares: new Float32Array(0) }

class List {
  ranked = nothing
  isStale = true
  builtAt = -Infinity
  members = 0
}

/**
 * A decayed sum v as of time a is v·2^(−(now−a)/h) now, so the order of items by log2(v) + a/h is the order at any time
 * (forward decay, Cormode et al. 2009): lists do not change by waiting, only by news, and are rebuilt when asked for.
 *
 * Memory: 32 bytes per item, and 2 KB per list that was ever asked for (at most four per category, brand and price band).
 */
export class PopularItems {
  private readonly catalog: Catalog
  private readonly keys: Record<Ranking, Float64Array<ArrayBuffer>>
  private readonly lists: Record<Scope, Partial<Record<Ranking, List>>[]>
  private readonly top: TopItems

  constructor(catalog: Catalog) {
    this.catalog = catalog
    const none = () => new Float64Array(0)
    this.keys = { week: none(), month: none(), trending: none(), newest: none() }
    this.lists = { all: [], category: [], brand: [], price_band: [] }
    this.top = new TopItems(item => catalog.items.nameOf(item), listItemsMax)
  }

  /** Call it, or `touch`, whenever the item's row in the catalog changes, too: its group is read here. */
  update(item: number, features: ItemFeatures | null): void {
    this.reserve(item + 1)
    const { week, month, trending } = this.keys
    if (features === null) {
      week[item] = month[item] = trending[item] = -Infinity
      this.firstSeen[item] = Number.NaN
    } else {
      const [, day, sevenDays, thirtyDays] = features.organic
      const at = features.as_of
      week[item] = Math.log2(sevenDays) + at / halfLives['7d']
      month[item] = Math.log2(thirtyDays) + at / halfLives['30d']
      // v1d/√v30d: much today, and more than usual.
      trending[item] =
        thirtyDays > 0
          ? Math.log2(day) - Math.log2(thirtyDays) / 2 + at * (1 / halfLives['1d'] - 0.5 / halfLives['30d'])
          : -Infinity
      this.firstSeen[item] = features.first_seen
    }
    this.touch(item)
  }

  /** Order by popularity of the week; −Infinity where nobody has shown interest. */
  keyOf(item: number, ranking: Ranking = 'week'): number {
    return item < this.keys[ranking].length ? this.keys[ranking][item] : -Infinity
  }

  /** Lists with this item in its present groups are built anew when next asked for. */
  touch(item: number): void {
    this.reserve(item + 1)
    const { catalog } = this
    const created = catalog.createdAt[item]
    this.keys.newest[item] = Number.isNaN(created) ? this.firstSeen[item] || -Infinity : created
    this.spoil('all', 0)
    this.spoil('brand', catalog.byBrand.groupOf[item])
    this.spoil('price_band', catalog.byPriceBand.groupOf[item])
    for (let node = catalog.byCategory.groupOf[item]; node >= 0; node = catalog.categories.parentOf(node)) {
      this.spoil('category', node)
    }
  }

  /** Everything anew: restrictions have changed. */
  touchAll(): void {
    for (const scope of scopes) for (let group = 0; group < this.lists[scope].length; group++) this.spoil(scope, group)
  }

  /** `group` is 0 for scope `all`. News is in the list after `rebuildMs` at the latest. */
  ranked(ranking: Ranking, scope: Scope, group: number, now: number): RankedItems {
    if (group < 0) return nothing
    const lists = this.lists[scope]
    while (lists.length <= group) lists.push({})
    let list = lists[group][ranking]
    if (list === undefined) {
      list = new List()
      lists[group][ranking] = list
    }
    if (list.isStale && Math.abs(now - list.builtAt) >= rebuildMs(list.members)) {
      this.build(list, ranking, scope, group)
      list.builtAt = now
    }
    return list.ranked
  }

  /** Calls back for every item of a group, those of categories below included, in no order that means anything. */
  forEachMember(scope: Scope, group: number, visit: (item: number) => void): void {
    const { catalog } = this
    if (scope === 'all') {
      for (let item = 0; item < catalog.items.count; item++) visit(item)
    } else if (scope === 'category') {
      catalog.categories.forEachBelow(group, node => {
        for (const item of catalog.byCategory.membersOf(node)) visit(item)
      })
    } else {
      const grouping = scope === 'brand' ? catalog.byBrand : catalog.byPriceBand
      for (const item of grouping.membersOf(group)) visit(item)
    }
  }

  private firstSeen = new Float64Array(0)

  private build(list: List, ranking: Ranking, scope: Scope, group: number): void {
    const { catalog, top } = this
    const keys = this.keys[ranking]
    const refused = marks.inactive | marks.blocked | marks.sensitive | (catalog.hasRows ? marks.unlisted : 0)
    let members = 0
    top.reset(listItemsMax)
    this.forEachMember(scope, group, item => {
      members++
      const key = keys[item]
      if (key > -Infinity && (catalog.marks[item] & refused) === 0) top.offer(item, key)
    })
    top.sort()
    list.members = members
    list.isStale = false
    list.ranked = { items: top.items.slice(0, top.count), shares: sharesOf(top, ranking) }
  }

  private spoil(scope: Scope, group: number): void {
    const lists = this.lists[scope][group]
    if (lists === undefined) return
    for (const ranking of rankings) {
      const list = lists[ranking]
      if (list !== undefined) list.isStale = true
    }
  }

  private reserve(items: number): void {
    if (items <= this.firstSeen.length) return
    for (const ranking of rankings) this.keys[ranking] = grown(this.keys[ranking], items, -Infinity)
    this.firstSeen = grown(this.firstSeen, items, Number.NaN)
  }
}

/** The root of the ratio to the first: popularity is so skewed that the second would hardly count otherwise. */
function sharesOf(top: TopItems, ranking: Ranking): Float32Array {
  const shares = new Float32Array(top.count)
  for (let i = 0; i < top.count; i++) {
    shares[i] = ranking === 'newest' ? 1 / (1 + i / 8) : 2 ** ((top.keys[i] - top.keys[0]) / 2)
  }
  return shares
}
