import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../engine/clock.ts'
import { StreamLoop } from '../engine/embedded/stream-loop.ts'
import { attachDataDirectory } from '../engine/log/data-directory.ts'
import { EmbeddedLog } from '../engine/log/embedded-log.ts'
import { FsyncPolicy } from '../engine/log/fsync-policy.ts'
import type { StreamEvent, StreamRequest } from '../engine/ports/stream-messages.ts'
import { Stream } from '../engine/stream.ts'
import { topicSpec } from '../engine/task/plan.ts'
import { StreamCounter } from '../engine/task/stream-counts.ts'
import { allTopologies } from '../topologies/index.ts'
import { faultsFromTest } from './embedded/faults-from-test.ts'
import type { StreamThreadData } from './embedded/stream-thread-data.ts'
import { inputRanks, inputTopics } from './input-topics.ts'

/** The stream thread: the only writer of the data directory that the main thread has opened. */

const data = workerData as StreamThreadData
const port = parentPort as MessagePort
const { store, marker } = attachDataDirectory(data.directory, data.handle)
const log = new EmbeddedLog(store, { fsync: new FsyncPolicy(data.fsyncIntervalMs), marker })
const { partitions, namespace } = data
const topologies = allTopologies({ purchaseSource: data.purchaseSource, excludedIds: new Set(data.excludedIds) })
await log.ensureTopics([
  ...Stream.topics({ topologies, partitions, namespace }),
  ...inputTopics.map(topic => topicSpec(topic, topic.name, partitions))
])
const send = (event: StreamEvent, transfer: ArrayBuffer[] = []) => port.postMessage(event, transfer)
const stream = new Stream({
  topologies,
  log,
  store,
  partitions,
  namespace,
  ranks: inputRanks,
  commitIntervalMs: data.commitIntervalMs,
  catchUpIntervalMs: data.catchUpIntervalMs,
  cacheBytes: data.cacheMb << 20,
  faults: faultsFromTest(data.fault),
  onCommit: (committed, tookMs) => loop.committed(committed, tookMs)
})
const loop = new StreamLoop({ stream, log, clock: systemClock, counter: new StreamCounter(store), send })

function serve(peer: MessagePort): void {
  peer.on('message', (request: StreamRequest | { type: 'connect'; port: MessagePort }) => {
    if (request.type === 'connect') serve(request.port)
    else loop.handle(request, event => peer.postMessage(event))
  })
}

serve(port)
await loop.run()
marker.close()
port.close()
