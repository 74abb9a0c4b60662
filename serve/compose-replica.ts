import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Cluster } from '../connectors/kafka/cluster.ts'
import { KafkaLog } from '../connectors/kafka/kafka-log.ts'
import { derivedTopics } from '../engine/distributed/worker-topics.ts'
import { MillraceError, stop } from '../engine/errors.ts'
import type { NewRecord } from '../engine/log/log.ts'
import type { Plan } from '../engine/task/plan.ts'
import type { Topology } from '../engine/topology.ts'
import type { Config } from '../schemas/config.ts'
import { erasureRequests, orders, sessionSteps } from '../schemas/topics.ts'
import { type Answers, composeAnswers } from './compose-answers.ts'
import { composeErasures, type ErasuresOptions } from './compose-erasures.ts'
import {
  areOrdersFed,
  kafkaConnection,
  openDerivedStore,
  purchaseSourceOnKafka,
  replicationFactorOf,
  whenReachable
} from './compose-kafka.ts'
import { planOnKafka, topicsOnKafka, topologiesOnKafka } from './compose-kafka-topologies.ts'
import { places as placesOf, positionsOn } from './compose-positions.ts'
import { untilOrdersCount } from './compose-purchase-switch.ts'
import { openReplicaVisits } from './compose-replica-visits.ts'
import { registryUse, useRegistry } from './compose-schema-ids.ts'
import { DemoWatch } from './demo/demo-watch.ts'
import { planMemory } from './embedded/memory-plan.ts'
import { inputTopics } from './input-topics.ts'
import { BatchedAppender } from './kafka/batched-appender.ts'
import { PositionTokens } from './kafka/position-token.ts'
import { PurchaseWatch } from './kafka/purchase-watch.ts'
import { ReplicaFreshness } from './kafka/replica-freshness.ts'
import { ReplicaViews } from './kafka/replica-views.ts'
import type { Flow } from './kafka/write-path.ts'
import type { KafkaViewThreadData } from './kafka-view-thread.ts'
import { LogIngest } from './log-ingest.ts'
import type { Metrics } from './metrics.ts'
import type { Erasures, Ingest } from './ports.ts'
import { viewNames } from './views/view-set.ts'
import type { ErasingVisits } from './visits/erasing-visits.ts'

export interface ReplicaOptions {
  config: Config
  /** Somebody has set `consent.default`: it holds in the demo shop too. */
  isConsentSet: boolean
  directory: string
  metrics: Metrics
  say: (line: string) => void
  onFatal: (error: unknown) => void
}

/** What answers in a `serve` process, and how it keeps up with Kafka. */
export interface Replica {
  ingest: Ingest
  erasures: Erasures
  freshness: ReplicaFreshness
  answers: Answers
  log: KafkaLog
  demo: DemoWatch
  close(): Promise<void>
}

const topologyVersion = 1
/** Callers wait for an append: better told to come again than kept. */
const appendTimeoutMs = 3_000
const endsRefreshMs = 30_000
/** How long the first who feeds orders waits for the workers to count from them. */
const switchPatienceMs = 10_000
const threadFile = new URL(
  import.meta.url.endsWith('.ts') ? './kafka-view-thread.ts' : './kafka-view-thread.js',
  import.meta.url
)

export async function openReplica(options: ReplicaOptions): Promise<Replica> {
  const { config, directory, metrics, say } = options
  const memoryMb = planMemory(config.stream.memory_max_mb).storeMb
  const store = await openDerivedStore(join(directory, 'views'), { memoryMb, say })
  const cluster = new Cluster({ ...kafkaConnection(config), retryTimeoutMs: appendTimeoutMs })
  const purchaseSource = await whenReachable(config, () => purchaseSourceOnKafka(config, cluster), say)
  const topologies = topologiesOnKafka(config, purchaseSource)
  const { namespace } = config
  const schemaIds = await openSchemaIds(options, topologies)
  const running = planOnKafka(config, topologies)
  const log = await openLog(options, cluster)
  const followed = followedViews(running)
  const places = placesRead(followed)
  const tokens = new PositionTokens(await topicIds(cluster))
  const freshness = new ReplicaFreshness({
    topologyVersion,
    flow: { derived: derivedTopics(running), views: places },
    tokens,
    log: positionsOn(cluster, namespace, () => log.topics()),
    seen: metrics.series('millrace_event_to_serve_seconds')
  })
  const demo = new DemoWatch({ log })
  const appender = appenderTo(log)
  const answers = composeAnswers({
    store,
    config,
    metrics,
    consentDefault: config.consent.default,
    isDemo: () => !options.isConsentSet && demo.isDemo,
    append: (topic, records) => appender.append(topic, records)
  })
  const isWatched = purchaseSource === 'events' && config.purchase_source === 'auto'
  let purchases = isWatched
    ? watchOrders(config, cluster, derived => {
        freshness.useFlow({ derived, views: places })
        purchases = null
      })
    : null
  const append = async (topic: string, records: NewRecord[]) => {
    const positions = await appender.append(topic, records)
    if (topic === orders.name && purchases) await untilOrdersCount(cluster, namespace, switchPatienceMs)
    freshness.written(positions)
    return tokens.encode(positions)
  }
  const ingest = new LogIngest({ append, now: Date.now, onEvents: events => answers.accepted(events) })
  const thread = await startViews({ options, freshness, answers, cluster, data: threadData(config, store, followed) })
  const { erasing: index } = thread
  const erasures = composeErasures({ store, append, index, log: 'kafka', ...settledOn(freshness, answers) })
  const close = async () => {
    purchases?.stop()
    freshness.close()
    await thread.stop()
    await log.close()
    await schemaIds.close()
    await cluster.close()
    await store.close()
  }
  return { ingest, erasures, freshness, answers, log, demo, close }
}

/** Whatever came of the erasures that are on the log is in the views, and up to where the index has read then. */
function settledOn(freshness: ReplicaFreshness, { views }: Answers): Pick<ErasuresOptions, 'settled' | 'stepsEnd'> {
  return {
    settled: async timeoutMs => (await freshness.waitForAll(erasureRequests.name, timeoutMs)) === 'reached',
    stepsEnd: () => views.shop.visits.nextOffset
  }
}

/** Once orders are fed, other topics lead to the views. */
function watchOrders(config: Config, cluster: Cluster, onFed: (derived: Flow['derived']) => void): PurchaseWatch {
  return new PurchaseWatch({
    areOrdersFed: () => areOrdersFed(cluster),
    onFed: () => onFed(derivedTopics(planOnKafka(config, topologiesOnKafka(config, 'orders'))))
  })
}

function openSchemaIds({ config, directory, say }: ReplicaOptions, topologies: readonly Topology[]) {
  const cacheFile = join(directory, 'schemas.json')
  return useRegistry({ registry: registryUse(config), topologies, namespace: config.namespace, cacheFile, say })
}

/** With all topics in place that are written here, followed, or asked about. */
async function openLog({ config, say }: ReplicaOptions, cluster: Cluster): Promise<KafkaLog> {
  const log = new KafkaLog({
    cluster,
    prefix: `${config.namespace}.`,
    replicationFactor: replicationFactorOf(config),
    compression: config.kafka.compression,
    refreshMs: endsRefreshMs
  })
  await whenReachable(config, () => log.ensureTopics(topicsOnKafka(config)), say)
  return log
}

function appenderTo(log: KafkaLog): BatchedAppender {
  return new BatchedAppender({
    append: async (topic, records) => (await log.append(topic, records)).offsets,
    partitionsOf: topic => log.topics().find(({ name }) => name === topic)?.partitions ?? 1
  })
}

/** The views that answers are made from, as this release writes them. */
function followedViews({ steps }: Plan): KafkaViewThreadData['views'] {
  return steps.flatMap(({ view }) => {
    if (!view || !viewNames.includes(view.topic.name)) return []
    return [{ name: view.topic.name, log: view.log, partitions: view.partitions }]
  })
}

/** The steps of visits, one partition, stand behind the views. */
function placesRead(followed: KafkaViewThreadData['views']): Flow['views'] {
  const views = followed.flatMap(({ log: topic, partitions }) => placesOf(topic, partitions))
  return [...views, ...placesOf(sessionSteps.name, 1)]
}

async function topicIds(cluster: Cluster) {
  return Promise.all(inputTopics.map(async ({ name }) => ({ name, id: (await cluster.topic(name)).id })))
}

function threadData(
  config: Config,
  store: { handle: bigint },
  views: KafkaViewThreadData['views']
): Omit<KafkaViewThreadData, 'steps'> {
  return {
    handle: store.handle,
    directory: config.data_dir,
    cluster: { connection: kafkaConnection(config), namespace: config.namespace, worker: 'views' },
    views
  }
}

interface Following {
  options: ReplicaOptions
  freshness: ReplicaFreshness
  answers: Answers
  cluster: Cluster
  data: Omit<KafkaViewThreadData, 'steps'>
}

/** Changes that were written and not told would be missed for ever, so a thread that dies ends the process. */
async function startViews({
  options,
  freshness,
  answers,
  cluster,
  data
}: Following): Promise<{ erasing: ErasingVisits; stop(): Promise<void> }> {
  const { directory, metrics, say, onFatal } = options
  const stepsPlace = data.views.reduce((sum, { partitions }) => sum + partitions, 0)
  const onApplied = (nextOffset: number) => {
    worker.postMessage({ type: 'steps-applied' })
    freshness.applied([[stepsPlace, nextOffset]])
  }
  const visits = await openReplicaVisits({ answers, cluster, directory, metrics, say, onApplied })
  freshness.applied([[stepsPlace, visits.steps.from]])
  const workerData: KafkaViewThreadData = { ...data, steps: visits.steps }
  const worker = new Worker(threadFile, { workerData })
  const views = new ReplicaViews({ peer: worker, freshness, answers, visits, metrics, say })
  let isEnding = false
  views.onFatal = onFatal
  worker.once('error', cause =>
    onFatal(stop('views_thread_ended', 'The thread that reads the views failed: start again.', cause))
  )
  const exited = new Promise<void>(resolve => worker.once('exit', () => resolve()))
  void exited.then(() => {
    if (!isEnding) onFatal(new MillraceError('views_thread_ended', 'stop', 'The thread that reads the views is gone.'))
  })
  return {
    erasing: visits.erasing,
    stop: async () => {
      isEnding = true
      views.stop()
      await exited
      await visits.close()
    }
  }
}
