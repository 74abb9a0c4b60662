import { from, type Topology, topology } from '../engine/index.ts'
import type { Stream } from '../engine/topology.ts'
import { type BasketPurchase, cutBaskets } from '../processors/cut-baskets.ts'
import type { BasketErasure } from '../processors/find-baskets.ts'
import { foldOrder } from '../processors/fold-order.ts'
import { foldPurchases } from '../processors/fold-purchases.ts'
import type { OrderId } from '../schemas/ids.ts'
import type { OrderItemRow, OrderRow } from '../schemas/tables.ts'
import { acts, basketSteps, baskets, orderItems, orders } from '../schemas/topics.ts'
import { anyOf } from './any-of.ts'
import { basketsToErase, purchasesByBasket } from './between.ts'

/** Where purchases are counted from: the shop's orders, or the events its pages send. Never both. */
export type PurchaseSource = 'orders' | 'events'

/**
 * What was bought together, by whom?
 *
 * Everything that counts purchases reads this view, so that a late line, a return or a cancellation corrects them all. A
 * view is published once per unit of work: a basket of a hundred lines is one record, not a hundred. Who learns from
 * baskets reads `basket-steps`: each basket once, as it stood after a week.
 */
export function basketsTopology(source: PurchaseSource): Topology {
  return source === 'orders' ? basketsOfOrders : basketsOfEvents
}

type Row = OrderRow | OrderItemRow | BasketErasure | null

const basketsOfOrders = topology('baskets')
  .from(anyOf<OrderId, Row>(orders))
  .merge(
    from(anyOf<OrderId, Row>(orderItems)).filter('lines', ({ value }) => value !== null),
    from(anyOf<OrderId, Row>(basketsToErase)).filter('erasures', ({ value }) => value !== null)
  )
  .process(foldOrder())
  .to(basketSteps)
  .to(baskets)

const purchases = topology('baskets')
  .from(acts)
  .filter('purchases', ({ value }) => value === null || value.event_type === 'purchase')
  .process(cutBaskets())
  .through(purchasesByBasket) as Stream<OrderId, BasketPurchase | BasketErasure>

const basketsOfEvents = purchases
  .merge(from(anyOf<OrderId, BasketPurchase | BasketErasure>(basketsToErase)))
  .process(foldPurchases())
  .to(basketSteps)
  .to(baskets)
