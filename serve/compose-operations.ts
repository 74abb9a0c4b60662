import { EngineInspector } from '../engine/inspect/store-inspector.ts'
import type { LogReader } from '../engine/log/log-reader.ts'
import { producerKey } from '../engine/log/log-rows.ts'
import { exportLines } from '../engine/log/topic-lines.ts'
import type { StoreReader } from '../engine/stores/state-store.ts'
import { ticks } from '../engine/stream.ts'
import type { Topology } from '../engine/topology.ts'
import { basketWriters } from '../topologies/basket-writers.ts'
import { createOperations, type OperationDeps, type Operations } from './admin/operations.ts'

export interface ComposedOperations extends Pick<OperationDeps, 'client' | 'beforeAppend' | 'onAppended'> {
  store: StoreReader
  log: LogReader
  topologies: () => readonly Topology[]
  namespace: string
  lostCommits: number
  bytesOnDisk(): number
}

/** The operations over an open data directory: for the admin port of an instance, and for commands that open it themselves. */
export function composeOperations(options: ComposedOperations): Operations {
  const { store, log, topologies, namespace } = options
  const inspector = () => {
    // What the directory was made with, whatever the configuration says now.
    const partitions = log.topics().find(({ name }) => name === ticks)?.partitions ?? 1
    const earlier = basketWriters
    return new EngineInspector({ store, log, topologies: topologies(), earlier, namespace, partitions })
  }
  return createOperations({
    ...options,
    inspector,
    exportLines: topic => exportLines(log, topic),
    producerPosition: name => store.getMany('meta', [producerKey(name)])[0]?.toString() ?? null
  })
}
