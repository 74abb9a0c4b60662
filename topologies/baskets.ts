import { from, type Topology, topology } from '../engine/index.ts'
import { cutBaskets } from '../processors/cut-baskets.ts'
import { foldOrder } from '../processors/fold-order.ts'
import { foldPurchases } from '../processors/fold-purchases.ts'
import type { OrderId } from '../schemas/ids.ts'
import type { OrderItemRow, OrderRow } from '../schemas/tables.ts'
import { acts, baskets, orderItems, orders } from '../schemas/topics.ts'
import { anyOf } from './any-of.ts'
import { purchasesByBasket } from './between.ts'

/** Where purchases are counted from: the shop's orders, or the events its pages send. Never both. */
export type PurchaseSource = 'orders' | 'events'

/**
 * What was bought together, by whom?
 *
 * Everything that counts purchases reads this view, so that a late line, a return or a cancellation corrects them all. A
 * view is published once per unit of work: a basket of a hundred lines is one record, not a hundred.
 */
export function basketsTopology(source: PurchaseSource): Topology {
  return source === 'orders' ? basketsOfOrders : basketsOfEvents
}

const basketsOfOrders = topology('baskets')
  .from(anyOf<OrderId, OrderRow | OrderItemRow | null>(orders))
  .merge(
    from(anyOf<OrderId, OrderRow | OrderItemRow | null>(orderItems)).filter('lines', ({ value }) => value !== null)
  )
  .process(foldOrder())
  .to(baskets)

const basketsOfEvents = topology('baskets')
  .from(acts)
  .filter('purchases', ({ value }) => value.event_type === 'purchase')
  .process(cutBaskets())
  .through(purchasesByBasket)
  .process(foldPurchases())
  .to(baskets)
