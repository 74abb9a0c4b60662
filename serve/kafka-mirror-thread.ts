import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { Cluster } from '../connectors/kafka/cluster.ts'
import { SharedReading } from '../connectors/kafka/shared-reading.ts'
import { FeatureMirror, type MirroredChange } from '../connectors/redis/feature-mirror.ts'
import type { RecordBatch } from '../engine/log/log.ts'
import { allTopologies } from '../topologies/index.ts'
import { useRegistry } from './compose-schema-ids.ts'
import type { ViewReaderData } from './compose-view-readers.ts'
import type { WorkerEvent, WorkerOrder } from './kafka/worker-messages.ts'

/**
 * Mirrors views to Redis: members of a group of their own share the partitions; what Redis has taken is committed, at
 * least once, since Redis keeps the newer of two positions whoever writes them.
 */

export interface KafkaMirrorThreadData extends ViewReaderData {
  redis: { url: string; ttlMs: number }
}

const data = workerData as KafkaMirrorThreadData
const port = parentPort as MessagePort
const send = (event: WorkerEvent) => port.postMessage(event)
const say = (message: string) => send({ type: 'trouble', message })
const cluster = new Cluster(data.connection)
const names = new Map(Object.entries(data.views).map(([view, topic]) => [topic, view]))
const ids = new Map<string, string>()
for (const [topic, view] of names) ids.set(view, (await cluster.topic(topic)).id)
const schemaIds = await useRegistry({
  registry: data.registry,
  topologies: allTopologies({ purchaseSource: 'orders' }),
  namespace: data.namespace,
  cacheFile: data.schemaCacheFile,
  say
})
const mirror = new FeatureMirror({
  url: data.redis.url,
  namespace: data.namespace,
  ttlMs: data.redis.ttlMs,
  sourceOf: view => ids.get(view) ?? view,
  onProblem: ({ message }) => say(message)
})
const { group, worker, sessionTimeoutMs } = data
const take = (batch: RecordBatch) => mirror.feed(changesOf(names.get(batch.topic) ?? batch.topic, batch))
const reading = new SharedReading({ cluster, group, worker, sessionTimeoutMs, topics: [...names.keys()], take })

port.on('message', ({ type }: WorkerOrder) => {
  reading.end(type)
  // A batch that waits for Redis is given up: nothing of it was committed.
  mirror.close()
})
try {
  await reading.run()
} finally {
  mirror.close()
  await schemaIds.close()
  await cluster.close()
  port.close()
}

function changesOf(view: string, batch: RecordBatch): MirroredChange[] {
  const { partition } = batch
  return Array.from({ length: batch.count }, (_, i) => ({
    view,
    key: batch.key(i),
    value: batch.value(i),
    partition,
    offset: batch.offset(i)
  }))
}
