import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { plan } from '../engine/task/plan.ts'
import type { Config } from '../schemas/config.ts'
import { itemFeatures, userFeatures } from '../schemas/topics.ts'
import { allTopologies } from '../topologies/index.ts'
import { kafkaConnection } from './compose-kafka.ts'
import { registryUse } from './compose-schema-ids.ts'
import { reasonOf, SupervisedThread } from './kafka/supervised-thread.ts'
import type { KafkaMirrorThreadData } from './kafka-mirror-thread.ts'

export interface MirrorOptions {
  config: Config
  directory: string
  /** Of this member of the mirror's group. */
  name: string
  say: (line: string) => void
}

const threadFile = new URL(
  import.meta.url.endsWith('.ts') ? './kafka-mirror-thread.ts' : './kafka-mirror-thread.js',
  import.meta.url
)

/** Mirrors features of users and items to Redis. Nothing of ours depends on it: what goes wrong is said, and tried again. */
export function startMirror({ config, directory, name, say }: MirrorOptions): SupervisedThread {
  const { namespace, kafka, redis, stream } = config
  // Whatever purchases are counted from, the features are the same views.
  const topologies = allTopologies({ purchaseSource: 'orders' })
  const { steps } = plan(topologies, { partitions: kafka.partitions, namespace, repartition: 'topics' })
  const logOf = (view: string) => steps.find(step => step.view?.topic.name === view)?.view?.log ?? view
  const data: KafkaMirrorThreadData = {
    connection: kafkaConnection(config),
    group: `${namespace}-redis`,
    worker: name,
    sessionTimeoutMs: stream.session_timeout_ms,
    namespace,
    views: Object.fromEntries([userFeatures, itemFeatures].map(view => [view.name, logOf(view.name)])),
    redis: { url: redis.url, ttlMs: redis.ttl_s * 1000 },
    registry: registryUse(config),
    schemaCacheFile: join(directory, 'schemas-redis.json')
  }
  const thread = new SupervisedThread({
    start: () => new Worker(threadFile, { workerData: data }),
    onEvent: event => {
      if (event.type === 'trouble') say(event.message)
    },
    onFatal: ({ message }) => say(message),
    onDied: (error, pauseMs) => say(`the mirror died (${reasonOf(error)}); it starts again in ${pauseMs / 1000} s`)
  })
  thread.start()
  return thread
}
