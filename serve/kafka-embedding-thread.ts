import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { EmbeddingClient, type EmbeddingOptions } from '../connectors/embeddings/embedding-client.ts'
import { EmbeddingFeed } from '../connectors/embeddings/embedding-feed.ts'
import { Cluster } from '../connectors/kafka/cluster.ts'
import { IdempotentProducer } from '../connectors/kafka/idempotent-producer.ts'
import { SharedReading } from '../connectors/kafka/shared-reading.ts'
import { messageOf } from '../engine/errors.ts'
import type { NewRecord, RecordBatch } from '../engine/log/log.ts'
import { partitionOf } from '../engine/log/partition-of.ts'
import { embeddingVector } from '../recommend/vectors/embedding-vector.ts'
import { itemCatalog, itemEmbeddings } from '../schemas/topics.ts'
import { allTopologies } from '../topologies/index.ts'
import { useRegistry } from './compose-schema-ids.ts'
import type { ViewReaderData } from './compose-view-readers.ts'
import type { WorkerEvent, WorkerOrder } from './kafka/worker-messages.ts'
import { saidSeldom } from './said-seldom.ts'

/**
 * Has products embedded by the shop's own service: members of a group of their own share the catalog's partitions. What
 * the service has answered, or refused, is committed; after a kill a few products are embedded again.
 */

export interface KafkaEmbeddingThreadData extends ViewReaderData {
  service: EmbeddingOptions
}

const data = workerData as KafkaEmbeddingThreadData
const port = parentPort as MessagePort
const send = (event: WorkerEvent) => port.postMessage(event)
const say = (message: string) => send({ type: 'trouble', message })
const cluster = new Cluster(data.connection)
const schemaIds = await useRegistry({
  registry: data.registry,
  topologies: allTopologies({ purchaseSource: 'orders' }),
  namespace: data.namespace,
  cacheFile: data.schemaCacheFile,
  say
})
const sayFailure = saidSeldom(say)
const client = new EmbeddingClient(data.service)
const producer = new IdempotentProducer(cluster, { compression: data.compression })
const feed = new EmbeddingFeed({
  embed: (texts, signal) => client.embed(texts, signal),
  quantise: embeddingVector,
  append,
  now: Date.now,
  onFailed: error => sayFailure(messageOf(error))
})
const { group, worker, sessionTimeoutMs } = data
const topics = Object.values(data.views)
const reading = new SharedReading({ cluster, group, worker, sessionTimeoutMs, topics, take })

port.on('message', ({ type }: WorkerOrder) => {
  reading.end(type)
  // What waits for the service is given up: nothing of it was committed.
  void feed.close()
})
try {
  await reading.run()
} finally {
  await feed.close()
  await schemaIds.close()
  await cluster.close()
  port.close()
}

async function take(batch: RecordBatch): Promise<void> {
  for (let i = 0; i < batch.count; i++) {
    const value = batch.value(i)
    feed.offer(batch.key(i), value && itemCatalog.value.decode(value))
  }
  await feed.settled()
}

async function append(records: NewRecord[]): Promise<void> {
  const { partitions } = await cluster.topic(itemEmbeddings.name)
  const addressed = records.map(record => ({ ...record, partition: partitionOf(record.key, partitions.length) }))
  await producer.append(itemEmbeddings.name, addressed)
}
