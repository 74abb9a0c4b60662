import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { ClusterOptions } from '../connectors/kafka/cluster.ts'
import type { Compression } from '../connectors/kafka/compression.ts'
import { plan } from '../engine/task/plan.ts'
import type { Config } from '../schemas/config.ts'
import { itemCatalog, itemFeatures, userFeatures } from '../schemas/topics.ts'
import { allTopologies } from '../topologies/index.ts'
import { kafkaConnection } from './compose-kafka.ts'
import { type RegistryUse, registryUse } from './compose-schema-ids.ts'
import { reasonOf, SupervisedThread } from './kafka/supervised-thread.ts'
import type { KafkaEmbeddingThreadData } from './kafka-embedding-thread.ts'
import type { KafkaMirrorThreadData } from './kafka-mirror-thread.ts'

export interface ViewReadersOptions {
  config: Config
  directory: string
  /** Of the worker: its members of the readers' groups are called after it. */
  name: string
  say: (line: string) => void
}

/** What a thread needs that shares the partitions of some views with its like in other processes. */
export interface ViewReaderData {
  connection: ClusterOptions
  compression: Compression
  group: string
  worker: string
  sessionTimeoutMs: number
  namespace: string
  /** Topics by the views' plain names. */
  views: Readonly<Record<string, string>>
  registry: RegistryUse
  schemaCacheFile: string
}

type Reader = 'mirror' | 'embedding'

const suffix = import.meta.url.endsWith('.ts') ? 'ts' : 'js'

/** Those that are configured. Nothing of ours depends on them: what goes wrong is said, and tried again. */
export function startViewReaders(options: ViewReadersOptions): SupervisedThread[] {
  const { redis, embeddings } = options.config
  const threads: SupervisedThread[] = []
  if (redis.url !== '') {
    const data = readerData(options, 'redis', [userFeatures.name, itemFeatures.name])
    threads.push(start(options, 'mirror', { ...data, redis: { url: redis.url, ttlMs: redis.ttl_s * 1000 } }))
  }
  if (embeddings.url !== '') {
    const data = readerData(options, 'embeddings', [itemCatalog.name])
    const { url, model, api_key: apiKey, timeout_ms: timeoutMs } = embeddings
    threads.push(start(options, 'embedding', { ...data, service: { url, model, apiKey, timeoutMs } }))
  }
  return threads
}

function readerData({ config, directory, name }: ViewReadersOptions, what: string, views: string[]): ViewReaderData {
  const { namespace, kafka, stream } = config
  // Wherever purchases are counted from, these are the same views.
  const topologies = allTopologies({ purchaseSource: 'orders' })
  const { steps } = plan(topologies, { partitions: kafka.partitions, namespace, repartition: 'topics' })
  const logOf = (view: string) => steps.find(step => step.view?.topic.name === view)?.view?.log ?? view
  return {
    connection: kafkaConnection(config),
    compression: kafka.compression,
    group: `${namespace}.${what}`,
    worker: `${name}-${what}`,
    sessionTimeoutMs: stream.session_timeout_ms,
    namespace,
    views: Object.fromEntries(views.map(view => [view, logOf(view)])),
    registry: registryUse(config),
    schemaCacheFile: join(directory, `schemas-${what}.json`)
  }
}

function start(
  { say }: ViewReadersOptions,
  reader: Reader,
  workerData: KafkaMirrorThreadData | KafkaEmbeddingThreadData
): SupervisedThread {
  const file = new URL(`./kafka-${reader}-thread.${suffix}`, import.meta.url)
  const tell = (line: string) => say(`${reader}: ${line}`)
  const thread = new SupervisedThread({
    start: () => new Worker(file, { workerData }),
    onEvent: event => {
      if (event.type === 'trouble') tell(event.message)
    },
    onFatal: ({ message }) => tell(message),
    onDied: (error, pauseMs) => tell(`the thread died (${reasonOf(error)}); it starts again in ${pauseMs / 1000} s`)
  })
  thread.start()
  return thread
}
