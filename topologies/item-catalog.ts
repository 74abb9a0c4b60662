import { topology } from '../engine/index.ts'
import { keepCatalog } from '../processors/keep-catalog.ts'
import { itemCatalog, products } from '../schemas/topics.ts'

/** What is there to recommend, and what does it look like right now? */
export const itemCatalogTopology = topology('item-catalog').from(products).process(keepCatalog()).to(itemCatalog)
