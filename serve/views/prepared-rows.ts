import type { Catalog } from '../../recommend/catalog.ts'
import type { ItemList, Liking, Profile, TimedItems } from '../../recommend/visit.ts'
import type { Affinity, BoughtTogether, SimilarItems, UserFeatures } from '../../schemas/views.ts'

/** From rows with names to lists of numbers: what an answer reads must cost no look-up of a name. */

export interface Similar {
  readonly viewed: ItemList
  readonly bought: ItemList
}

/** Of a list in a row, so many are kept. */
const neighboursMax = 64

export function similarLists(catalog: Catalog, row: SimilarItems): Similar {
  return {
    viewed: itemList(catalog, row.co_viewed, entry => entry.score),
    bought: itemList(catalog, row.viewed_then_bought, entry => entry.score)
  }
}

export function companionList(catalog: Catalog, row: BoughtTogether): ItemList {
  return itemList(catalog, row.companions, entry => entry.confidence)
}

export function profile(catalog: Catalog, row: UserFeatures): Profile {
  return {
    consent: row.consent,
    country: row.country,
    orders: row.orders,
    knownFrom: row.known_from ?? Number.NEGATIVE_INFINITY,
    others: row.others.map(({ id, known_from }) => ({ id, since: known_from ?? Number.NEGATIVE_INFINITY })),
    categories: liking(row.categories, name => catalog.categories.intern(name)),
    brands: liking(row.brands, name => catalog.brands.intern(name)),
    priceBands: liking(row.price_bands, Number),
    seen: timed(catalog, row.seen),
    bought: { ...timed(catalog, row.bought), counts: Int32Array.from(row.bought, ({ count }) => count) },
    dismissed: timed(catalog, row.dismissed)
  }
}

/** One buffer for both columns: a list is short, and every buffer costs 100 bytes of its own. */
function itemList<E extends { product_id: string }>(
  catalog: Catalog,
  entries: readonly E[],
  scoreOf: (entry: E) => number
): ItemList {
  const known = entries.slice(0, neighboursMax).filter(entry => catalog.intern(entry.product_id) >= 0)
  const { length } = known
  const buffer = new ArrayBuffer(length * 8)
  const items = new Int32Array(buffer, 0, length)
  const scores = new Float32Array(buffer, length * 4, length)
  for (let i = 0; i < length; i++) {
    items[i] = catalog.items.find(known[i].product_id)
    scores[i] = scoreOf(known[i])
  }
  return { items, scores }
}

function timed(catalog: Catalog, entries: readonly { product_id: string; ts: number }[]): TimedItems {
  return {
    items: Int32Array.from(entries, entry => catalog.intern(entry.product_id)),
    times: Float64Array.from(entries, entry => entry.ts)
  }
}

function liking(affinities: readonly Affinity[], groupOf: (name: string) => number): Liking {
  const known = affinities.filter(({ name, score }) => score > 0 && groupOf(name) >= 0)
  const largest = known.length > 0 ? known[0].score : 1
  return {
    groups: Int32Array.from(known, ({ name }) => groupOf(name)),
    shares: Float32Array.from(known, ({ score }) => score / largest)
  }
}
