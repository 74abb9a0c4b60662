import type { Topology } from '../engine/index.ts'
import { admitEventsTopology } from './admit-events.ts'
import { basketTopology } from './basket.ts'
import { basketsTopology, type PurchaseSource } from './baskets.ts'
import { blendTopology } from './blend.ts'
import { boughtTogetherTopology } from './bought-together.ts'
import { erasuresTopology } from './erasures.ts'
import { itemCatalogTopology } from './item-catalog.ts'
import { itemFeaturesTopology } from './item-features.ts'
import { itemVectorsTopology } from './item-vectors.ts'
import { personBasketsTopology } from './person-baskets.ts'
import { similarItemsTopology } from './similar-items.ts'
import { userFeaturesTopology } from './user-features.ts'

export interface TopologyOptions {
  purchaseSource: PurchaseSource
  /** Users and sessions whose traffic counts for nobody else. */
  excludedIds?: ReadonlySet<string>
}

/** Everything that is maintained, event by event (DESIGN 5). */
export function allTopologies({ purchaseSource, excludedIds }: TopologyOptions): Topology[] {
  return [
    itemCatalogTopology,
    admitEventsTopology({ purchasesCount: purchaseSource === 'events', excludedIds }),
    basketsTopology(purchaseSource),
    boughtTogetherTopology,
    itemFeaturesTopology,
    similarItemsTopology,
    itemVectorsTopology,
    userFeaturesTopology(),
    blendTopology,
    basketTopology,
    personBasketsTopology,
    erasuresTopology
  ]
}
