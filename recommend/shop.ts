import type { Catalog } from './catalog.ts'
import type { OrderIndex } from './order-index.ts'
import type { PopularItems } from './popular-items.ts'
import type { ReorderRates } from './reorder-rates.ts'
import type { VectorSearch } from './vectors/vector-search.ts'
import type { Neighbours } from './visit.ts'
import type { VisitIndex } from './visit-index.ts'

/** What answers are made from. */
export interface Shop {
  readonly catalog: Catalog
  readonly popular: PopularItems
  readonly reorders: ReorderRates
  readonly neighbours: Neighbours
  readonly visits: VisitIndex
  readonly orders: OrderIndex
  readonly vectors: Pick<VectorSearch, 'neighboursOf'>
}
