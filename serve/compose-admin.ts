import type { Config } from '../schemas/config.ts'
import { orders } from '../schemas/topics.ts'
import { allTopologies } from '../topologies/index.ts'
import type { Operations } from './admin/operations.ts'
import { operationRoutes } from './admin/routes.ts'
import type { Embedded } from './compose-embedded.ts'
import { composeOperations } from './compose-operations.ts'
import type { Route } from './http/route.ts'

/** The commands' side of a running instance: routes for its admin port. */
export function composeAdmin(embedded: Embedded, config: Config): Route[] {
  return operationRoutes({ operations: writingOperations(embedded, config), isAuthOn: config.api_keys.length > 0 })
}

/** Operations over a directory whose stream runs in this process. */
export function writingOperations(embedded: Embedded, config: Config): Operations {
  const isSettled = config.purchase_source !== 'auto' || embedded.purchaseSource === 'orders'
  let switching: Promise<void> | null = isSettled ? Promise.resolve() : null
  return composeOperations({
    ...embedded,
    topologies: allTopologies({ purchaseSource: embedded.purchaseSource }),
    namespace: config.namespace,
    // Purchases are counted from events until the orders table is fed for the first time (INTERFACES 3).
    beforeAppend: async topic => {
      if (topic !== orders.name) return
      switching ??= embedded.restartStream({ purchaseSource: 'orders' })
      await switching
    }
  })
}
