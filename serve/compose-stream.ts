import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { Cluster } from '../connectors/kafka/cluster.ts'
import { openStreamCluster } from '../connectors/kafka/stream-cluster.ts'
import { existingTopics } from '../connectors/kafka/topic-scan.ts'
import type { MillraceError } from '../engine/errors.ts'
import { letHeapsGrow, letThreadsSizeYoungGenerations } from '../engine/heap-growth.ts'
import type { RocksStore } from '../engine/stores/rocksdb-store.ts'
import type { Config } from '../schemas/config.ts'
import { removeInstance, writeInstance } from './admin/instance.ts'
import {
  areOrdersFed,
  kafkaConnection,
  openDerivedStore,
  purchaseSourceOnKafka,
  replicationFactorOf,
  whenReachable
} from './compose-kafka.ts'
import { topicsOnKafka } from './compose-kafka-topologies.ts'
import { registryUse } from './compose-schema-ids.ts'
import { startViewReaders } from './compose-view-readers.ts'
import { type MemoryPlan, planMemory, printMemoryPlan } from './embedded/memory-plan.ts'
import { StoreGauges } from './embedded/store-gauges.ts'
import { StreamMetrics } from './embedded/stream-metrics.ts'
import { createAdminEdge } from './http/admin-edge.ts'
import { edgeSettings } from './http/edge-settings.ts'
import { HttpServers } from './http-servers.ts'
import { memoryOfThread } from './kafka/memory-of-thread.ts'
import { eventsKind, PurchaseWatch } from './kafka/purchase-watch.ts'
import { RestoreReport } from './kafka/restore-report.ts'
import { saidOf, shortRetentions } from './kafka/short-retention.ts'
import { reasonOf, SupervisedThread } from './kafka/supervised-thread.ts'
import type { WorkerEvent, WorkerOrder } from './kafka/worker-messages.ts'
import { workerName } from './kafka/worker-name.ts'
import { WorkerReadiness } from './kafka/worker-readiness.ts'
import type { KafkaStreamThreadData } from './kafka-stream-thread.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { StartScreen } from './start-screen.ts'
import { UntilTold } from './until-told.ts'

const drainGraceMs = 2_000
const youngGenerationMb = 48
/** Longer than members that are gone without leaving are waited for. */
const mixedPatienceMs = 120_000
const topicsTimeoutMs = 10_000
const { version } = createRequire(import.meta.url)('../package.json') as { version: string }
const threadFile = new URL(
  import.meta.url.endsWith('.ts') ? './kafka-stream-thread.ts' : './kafka-stream-thread.js',
  import.meta.url
)

/** Where a stream process keeps its state, and the note of where it runs. */
export function streamDirectory({ data_dir }: Config): string {
  return join(data_dir, 'stream')
}

/** A worker process of the group, until it is told to end or something needs a human. */
export async function runStream(config: Config): Promise<void> {
  letHeapsGrow()
  letThreadsSizeYoungGenerations()
  const worker = new StreamProcess(config)
  try {
    await worker.start()
    await worker.untilTold()
  } finally {
    await worker.close()
  }
}

class StreamProcess {
  readonly #config: Config
  readonly #directory: string
  readonly #memory: MemoryPlan
  readonly #screen = new StartScreen(process.stderr)
  readonly #metrics: Metrics = createMetrics({ version })
  readonly #gauges = new StoreGauges(this.#metrics)
  readonly #servers = new HttpServers()
  readonly #told = new UntilTold()
  readonly #readiness: WorkerReadiness
  readonly #restores: RestoreReport
  readonly #threads: SupervisedThread[] = []
  readonly #stores: RocksStore[] = []
  /** For questions beside the work. */
  #cluster: Cluster | null = null
  #purchaseSource: 'orders' | 'events' = 'orders'
  #purchases: PurchaseWatch | null = null
  /** Since when the group has members of another kind. */
  #mixedSinceMs: number | undefined
  #order: WorkerOrder['type'] = 'stop'
  #isDraining = false
  #isNoted = false

  constructor(config: Config) {
    const { threads } = config.stream
    this.#config = config
    this.#directory = streamDirectory(config)
    this.#memory = planMemory(memoryOfThread(config))
    this.#readiness = new WorkerReadiness(threads)
    this.#restores = new RestoreReport({ metrics: this.#metrics, say: line => this.#screen.line(line) })
  }

  async start(): Promise<void> {
    const { stream, admin, kafka } = this.#config
    const name = workerName(this.#directory, stream.name)
    this.#screen.line(
      `millrace stream ${version}, worker ${name}, ${stream.threads} threads, brokers ${kafka.brokers.join(', ')}, ` +
        `state in ${this.#directory}; each thread: ${printMemoryPlan(this.#memory)}`
    )
    for (let i = 1; i <= stream.threads; i++) {
      const directory = join(this.#directory, `thread-${i}`)
      const say = (line: string) => this.#screen.line(line)
      this.#stores.push(await openDerivedStore(directory, { memoryMb: this.#memory.storeMb, say }))
    }
    const adminUrl = await this.#servers.listen(
      createAdminEdge({
        ...edgeSettings(this.#config),
        metrics: this.#metrics,
        ready: () => this.#readiness.ready(),
        isDraining: () => this.#isDraining,
        onIncident: ({ code, route, message }) => this.#screen.line(`${code} in ${route}: ${message}`)
      }),
      admin
    )
    writeInstance(this.#directory, { pid: process.pid, url: '', admin_url: adminUrl })
    this.#isNoted = true
    this.#screen.line(`  health, metrics ${adminUrl}/readyz`)
    await this.#ensureTopics()
    this.#startThreads(name)
    const say = (line: string) => this.#screen.line(line)
    this.#threads.push(...startViewReaders({ config: this.#config, directory: this.#directory, name, say }))
  }

  async untilTold(): Promise<void> {
    process.once('SIGUSR2', () => {
      this.#order = 'drain'
      this.#told.end()
    })
    await this.#told.wait()
  }

  async close(): Promise<void> {
    this.#isDraining = true
    this.#purchases?.stop()
    if (this.#threads.length > 0) this.#screen.line(this.#order === 'drain' ? 'committing, leaving' : 'committing')
    await Promise.all(this.#threads.map(thread => thread.end(this.#order)))
    for (const store of this.#stores) await store.close()
    await this.#cluster?.close()
    await this.#servers.drain(drainGraceMs)
    this.#metrics.close()
    if (this.#isNoted) removeInstance(this.#directory)
    this.#screen.close()
  }

  async #ensureTopics(): Promise<void> {
    const options = this.#clusterOptions('topics')
    const connection = { ...options.connection, retryTimeoutMs: topicsTimeoutMs }
    const cluster = openStreamCluster({ ...options, connection })
    try {
      const say = (line: string) => this.#screen.line(line)
      await whenReachable(this.#config, () => cluster.ensureTopics(topicsOnKafka(this.#config)), say)
    } finally {
      await cluster.close()
    }
    this.#cluster = new Cluster(connection)
    await this.#sayShortRetentions(this.#cluster)
    this.#purchaseSource = await purchaseSourceOnKafka(this.#config, this.#cluster)
  }

  async #sayShortRetentions(cluster: Cluster): Promise<void> {
    const declared = topicsOnKafka(this.#config)
    const mayBeShort = new Set(declared.flatMap(({ name, mayKeepLess }) => (mayKeepLess ? [name] : [])))
    const existing = await existingTopics(cluster, name => mayBeShort.has(name))
    for (const one of shortRetentions(declared, existing)) this.#screen.line(`warning: ${saidOf(one)}`)
  }

  #startThreads(name: string): void {
    const start = () =>
      this.#stores.map((store, i) => this.#startThread({ store, thread: i, name: `${name}-${i + 1}` }))
    let threads = start()
    this.#threads.push(...threads)
    if (this.#purchaseSource === 'orders' || this.#config.purchase_source !== 'auto') return
    const countFromOrders = async () => {
      this.#screen.line('orders are fed: purchases are counted from them from now on, no longer from events')
      // They leave, so that the group is free for those that count from orders once all of them have left.
      await Promise.all(threads.map(thread => thread.end('drain')))
      this.#threads.splice(0, threads.length)
      if (this.#isDraining) return
      this.#purchaseSource = 'orders'
      threads = start()
      this.#threads.unshift(...threads)
    }
    const cluster = this.#cluster as Cluster
    this.#purchases = new PurchaseWatch({
      areOrdersFed: () => areOrdersFed(cluster),
      onFed: () => void countFromOrders().catch(error => this.#told.fail(error))
    })
  }

  #startThread({ store, thread, name }: { store: RocksStore; thread: number; name: string }): SupervisedThread {
    const { stream, kafka, excluded_ids } = this.#config
    const data: KafkaStreamThreadData = {
      handle: store.handle,
      directory: join(this.#directory, `thread-${thread + 1}`),
      cluster: this.#clusterOptions(name),
      partitions: kafka.partitions,
      commitIntervalMs: stream.commit_interval_ms,
      catchUpIntervalMs: stream.catch_up_interval_ms,
      maxTaskIdleMs: stream.max_task_idle_ms,
      cacheMb: this.#memory.stateCacheMb,
      purchaseSource: this.#purchaseSource,
      excludedIds: excluded_ids,
      registry: registryUse(this.#config),
      schemaCacheFile: join(this.#directory, `schemas-${thread + 1}.json`)
    }
    const resourceLimits = {
      maxOldGenerationSizeMb: this.#memory.streamHeapMb,
      maxYoungGenerationSizeMb: youngGenerationMb
    }
    const metrics = new StreamMetrics(this.#metrics, this.#gauges)
    const supervised = new SupervisedThread({
      start: () => new Worker(threadFile, { workerData: data, resourceLimits }),
      onEvent: event => this.#hear(thread, event, metrics),
      onFatal: error => this.#told.fail(error),
      mayMend: error => this.#mayMend(error),
      onDied: (error, pauseMs) => {
        this.#readiness.lost(thread)
        metrics.restart()
        this.#screen.line(`thread ${name} died (${reasonOf(error)}); it starts again in ${pauseMs / 1000} s`)
      }
    })
    supervised.start()
    return supervised
  }

  /** Workers that still count purchases from events leave as soon as they see that orders are fed. */
  #mayMend({ code }: MillraceError): boolean {
    if (code !== 'kafka_group_mixed' || this.#config.purchase_source !== 'auto') return false
    this.#mixedSinceMs ??= performance.now()
    return performance.now() - this.#mixedSinceMs < mixedPatienceMs
  }

  #hear(thread: number, event: WorkerEvent, metrics: StreamMetrics): void {
    this.#readiness.hear(thread, event)
    if (event.type === 'restore') this.#restores.note(event.progress)
    else if (event.type === 'tasks') this.#onTasks(thread, event)
    else if (event.type === 'trouble') this.#screen.line(`thread ${thread + 1}: ${event.message}`)
    else if (event.type === 'restart') this.#screen.line(`thread ${thread + 1} starts over: ${event.message}`)
    else if (event.type === 'committed') {
      this.#metrics.observe('millrace_commit_duration_seconds', event.tookMs / 1000, [this.#config.namespace])
    } else if (event.type === 'counts') {
      metrics.report(event.counts)
      const bytes = this.#stores[thread].bytesOnDisk()
      this.#metrics.set('millrace_data_directory_bytes', bytes, [`thread-${thread + 1}`])
    }
  }

  #onTasks(thread: number, { tasks, restoring, stopped }: WorkerEvent & { type: 'tasks' }): void {
    this.#mixedSinceMs = undefined
    if (restoring === 0) this.#restores.done()
    this.#metrics.set('millrace_stopped_tasks', stopped.length, [`thread-${thread + 1}`])
    for (const { task, message } of stopped) this.#screen.line(`task ${task} is left out: ${message}`)
    const ofThem = restoring > 0 ? `; the state of ${restoring} is being restored` : ''
    this.#screen.line(`thread ${thread + 1} has ${tasks} tasks${ofThem}`)
  }

  #clusterOptions(worker: string): KafkaStreamThreadData['cluster'] {
    const { namespace, stream, kafka } = this.#config
    return {
      connection: kafkaConnection(this.#config),
      compression: kafka.compression,
      namespace,
      worker,
      ...(this.#purchaseSource === 'events' && { kind: eventsKind }),
      standbysPerTask: stream.standbys,
      replicationFactor: replicationFactorOf(this.#config),
      guarantee: stream.processing_guarantee,
      sessionTimeoutMs: stream.session_timeout_ms,
      // Whoever is gone holds up its partitions no longer than its tasks.
      transactionTimeoutMs: stream.session_timeout_ms
    }
  }
}
