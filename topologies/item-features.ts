import { from, topology } from '../engine/index.ts'
import { countOncePerDay, type ItemCounts } from '../processors/count-once-per-day.ts'
import { foldItemFeatures, type ItemPrice } from '../processors/fold-item-features.ts'
import type { ItemId } from '../schemas/ids.ts'
import { acts, itemFeatures, products } from '../schemas/topics.ts'
import { countsByItem, touchesByPerson } from './between.ts'
import { touchActed, touchesBought } from './touches.ts'

/**
 * How much is an item wanted, now and over the last month?
 *
 * That a person counts once per item and day is known by person; sums are kept by item. What the catalog adds is the
 * price, which does not depend on when its row comes.
 */
export const itemFeaturesTopology = topology('item-features')
  .from(acts)
  .map('touched-by-person', touchActed)
  .merge(touchesBought())
  .through(touchesByPerson)
  .process(countOncePerDay())
  .map<ItemId, ItemCounts | ItemPrice>('counts', ({ key, value }) => ({ key, value }))
  .merge(
    from(products).map<ItemId, ItemCounts | ItemPrice>('prices', ({ key, value }) => ({
      key,
      value: { price: value?.price ?? null }
    }))
  )
  .through(countsByItem)
  .process(foldItemFeatures())
  .to(itemFeatures)
