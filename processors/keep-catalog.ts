import { jsonCodec, processor, value } from '../engine/index.ts'
import type { ItemId } from '../schemas/ids.ts'
import type { ProductRow } from '../schemas/tables.ts'
import type { CatalogItem } from '../schemas/views.ts'

const state = { item: value(jsonCodec<CatalogItem>()) }

/** The newest row of each product, as far as answers need it; the last write wins, a tombstone takes it away. */
export function keepCatalog() {
  return processor<ItemId, ProductRow | null, never, never, CatalogItem, typeof state>({
    name: 'keep-catalog',
    state,
    process({ value: row }, { item }) {
      if (row === null) item.delete()
      else item.set(catalogItemOf(row))
    },
    view: (_, { item }) => item.get() ?? null
  })
}

function catalogItemOf({ description: _, attributes: __, ...row }: ProductRow): CatalogItem {
  return { ...row, group_id: row.group_id ?? row.product_id }
}
