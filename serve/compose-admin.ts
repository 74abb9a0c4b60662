import type { Config } from '../schemas/config.ts'
import { orders } from '../schemas/topics.ts'
import { allTopologies } from '../topologies/index.ts'
import type { OperationDeps, Operations } from './admin/operations.ts'
import { operationRoutes } from './admin/routes.ts'
import type { Embedded } from './compose-embedded.ts'
import { composeOperations } from './compose-operations.ts'
import { purchaseSourceOf } from './compose-topologies.ts'
import type { Route } from './http/route.ts'

/** What the serving side wants to know of writes that the commands make. */
type Writes = Pick<OperationDeps, 'beforeAppend' | 'onAppended'>

/** The commands' side of a running instance: routes for its admin port. */
export function composeAdmin(embedded: Embedded, config: Config, writes: Writes): Route[] {
  return operationRoutes({
    operations: writingOperations(embedded, config, writes),
    isAuthOn: config.api_keys.length > 0
  })
}

/** Operations over a directory whose stream runs in this process. */
export function writingOperations(embedded: Embedded, config: Config, writes: Writes = {}): Operations {
  return composeOperations({
    ...embedded,
    topologies: () => allTopologies({ purchaseSource: purchaseSourceNow(embedded, config) }),
    namespace: config.namespace,
    beforeAppend: async topic => {
      if (topic === orders.name) await embedded.ordersAreFed()
    },
    ...writes
  })
}

/** It moves from events to orders while the process runs. */
function purchaseSourceNow({ purchaseSource, log }: Embedded, config: Config): 'orders' | 'events' {
  return purchaseSource === 'orders' ? purchaseSource : purchaseSourceOf(config, log)
}
