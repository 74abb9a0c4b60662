import type { Reason } from '../schemas/http.ts'
import type { CandidateSet } from './candidate-set.ts'
import type { Catalog } from './catalog.ts'
import type { Filling } from './fill.ts'
import { seedless } from './order-index.ts'
import { meanings, source, sources } from './sources.ts'

/** A second reason is worth saying when it weighs at least this much of the first. */
const secondShare = 0.3

/** The one or two sources that added most, and the item, category or brand that led there. */
export function reasonsOf(catalog: Catalog, set: CandidateSet, slot: number): Reason[] {
  let first = 0
  let second = -1
  let most = set.part(slot, 0)
  let next = 0
  for (let column = 1; column < sources.length; column++) {
    const part = set.part(slot, column)
    if (part > most) {
      second = first
      next = most
      first = column
      most = part
    } else if (part > next) {
      second = column
      next = part
    }
  }
  const reasons = [reasonOf(catalog, set, slot, first)]
  if (second >= 0 && next >= secondShare * most) {
    const other = reasonOf(catalog, set, slot, second)
    if (other.code !== reasons[0].code || other.product_id !== reasons[0].product_id) reasons.push(other)
  }
  return reasons
}

export function fillReason(catalog: Catalog, filling: Filling | undefined): Reason {
  if (filling === undefined || !filling.isPopular) return { code: 'fills_list' }
  if (filling.category < 0 || catalog.isSensitiveCategory(filling.category)) return { code: 'popular' }
  return { code: 'popular_in_category', category: catalog.categories.pathOf(filling.category) }
}

function reasonOf(catalog: Catalog, set: CandidateSet, slot: number, column: number): Reason {
  const seed = set.seedOf(slot, column)
  if (column === source.next_basket) return orderReason(catalog, set.items[slot], seed)
  if (column !== source.next_item) return reason(catalog, column, seed)
  // What comes next may be what was seen before, or what is popular.
  if (seed < 0) return { code: 'popular' }
  return reason(catalog, seed === set.items[slot] ? source.recently_viewed : column, seed)
}

function orderReason(catalog: Catalog, item: number, seed: number): Reason {
  if (seed === seedless.popular) return { code: 'popular' }
  if (seed !== item) return reason(catalog, source.next_basket, seed)
  const own: Reason = { code: 'bought_before' }
  return catalog.isSensitive(item) ? own : { ...own, product_id: catalog.items.nameOf(item) }
}

function reason(catalog: Catalog, column: number, seed: number): Reason {
  const { reason: code, seed: kind } = meanings[column]
  if (kind === 'item' && seed >= 0 && !catalog.isSensitive(seed))
    return { code, product_id: catalog.items.nameOf(seed) }
  if (kind === 'category' && !catalog.isSensitiveCategory(seed)) {
    return { code, category: catalog.categories.pathOf(seed) }
  }
  return kind === 'brand' ? { code, brand: catalog.brands.nameOf(seed) } : { code }
}
