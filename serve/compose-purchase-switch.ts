import { Admin } from '../connectors/kafka/admin.ts'
import type { Cluster } from '../connectors/kafka/cluster.ts'
import { protocolOf } from '../connectors/kafka/group-protocol.ts'
import { eventsKind } from './kafka/purchase-watch.ts'

const pollMs = 200

/**
 * Once orders are fed for the first time: until no worker is left that counts purchases from events. After `patienceMs`
 * whoever waits goes on: workers that were told to count from events always do.
 */
export async function untilOrdersCount(cluster: Cluster, group: string, patienceMs: number): Promise<void> {
  const admin = new Admin(cluster)
  const until = performance.now() + patienceMs
  for (;;) {
    const { state, protocol, members } = await admin.describeGroup(group)
    const isOver = members.length === 0 || (state === 'Stable' && protocol !== protocolOf(eventsKind))
    if (isOver || performance.now() > until) return
    await new Promise(resolve => setTimeout(resolve, pollMs))
  }
}
