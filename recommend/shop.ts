import type { Catalog } from './catalog.ts'
import type { PopularItems } from './popular-items.ts'
import type { Neighbours } from './visit.ts'

/** What answers are made from. */
export interface Shop {
  readonly catalog: Catalog
  readonly popular: PopularItems
  readonly neighbours: Neighbours
}
