import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StreamWorker } from '../../../engine/distributed/stream-worker.ts'
import type { StreamWorkerOptions } from '../../../engine/distributed/stream-worker-options.ts'
import { workerTopics } from '../../../engine/distributed/worker-topics.ts'
import { partitionOf } from '../../../engine/log/partition-of.ts'
import type { StreamCluster } from '../../../engine/ports/cluster.ts'
import { MemoryStore } from '../../../engine/stores/memory-store.ts'
import { coTouchedShop, type Touch, type User } from '../../../engine/testing/co-touched.ts'
import { driveTopology } from '../../../engine/testing/drive-topology.ts'
import type { Topic } from '../../../engine/topic.ts'
import type { Topology } from '../../../engine/topology.ts'
import { openStreamCluster, type StreamClusterOptions } from '../stream-cluster.ts'
import { ChildWorker, until } from './child-worker.ts'
import type { ChildJob } from './stream-child.ts'

export interface TouchRecord extends Touch {
  key: User
  timestamp: number
}

export interface ReadRecord {
  partition: number
  key: string
  value: string | null
  timestamp: number
}

export interface Running {
  worker: StreamWorker
  cluster: StreamCluster
  store: MemoryStore
  tasks: readonly string[]
  /** Changelog records; what an index is built from is not counted. */
  restored: number
  restarts: string[]
}

interface ShopOptions {
  partitions?: number
  more?: (prefix: string) => readonly Topology[]
}

/** Topics of its own on a shared broker, the workers that a story starts, and what the embedded stream makes of the same. */
export class StreamShop {
  readonly namespace = `n${randomBytes(4).toString('hex')}`
  readonly partitions: number
  readonly shop = coTouchedShop(`${this.namespace}-`)
  readonly running = new Map<string, Running>()
  readonly written: TouchRecord[] = []
  readonly #bootstrap: readonly string[]
  readonly #more: readonly Topology[]
  readonly #clusters: StreamCluster[] = []
  readonly children: ChildWorker[] = []
  #folder = ''
  admin!: StreamCluster

  /** `more`: topologies beside the usual ones, by the prefix of topics. */
  constructor(bootstrap: readonly string[], { partitions = 4, more = () => [] }: ShopOptions = {}) {
    this.#bootstrap = bootstrap
    this.partitions = partitions
    this.#more = more(`${this.namespace}-`)
  }

  get topologies() {
    const { coTouched, shout, remind, nearby } = this.shop
    return [coTouched(), shout(), remind(), nearby(), ...this.#more]
  }

  get companions(): string {
    return `${this.namespace}.companions.v1`
  }

  async open(): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), 'millrace-workers-'))
    this.admin = this.cluster('admin')
    const { topologies, namespace, partitions } = this
    await this.admin.ensureTopics(workerTopics({ topologies, namespace, partitions }))
  }

  cluster(worker: string, traits: Partial<StreamClusterOptions> = {}): StreamCluster {
    const cluster = openStreamCluster({
      connection: { bootstrap: this.#bootstrap },
      namespace: this.namespace,
      worker,
      standbysPerTask: 1,
      replicationFactor: 1,
      sessionTimeoutMs: 3_000,
      heartbeatIntervalMs: 200,
      transactionTimeoutMs: 10_000,
      ...traits
    })
    this.#clusters.push(cluster)
    return cluster
  }

  start(
    name: string,
    { store = new MemoryStore(), ...traits }: Partial<StreamWorkerOptions> & { store?: MemoryStore } = {},
    clusterTraits: Partial<StreamClusterOptions> = {}
  ): Running {
    const cluster = this.cluster(name, clusterTraits)
    const running: Running = { worker: undefined as never, cluster, store, tasks: [], restored: 0, restarts: [] }
    running.worker = new StreamWorker({
      topologies: this.topologies,
      cluster,
      store,
      namespace: this.namespace,
      partitions: this.partitions,
      commitIntervalMs: 50,
      catchUpIntervalMs: 100,
      cacheBytes: 64 << 20,
      tickIntervalMs: Number.POSITIVE_INFINITY,
      onTasks: tasks => {
        running.tasks = tasks
      },
      onRestore: ({ topic, left, restored }) => {
        if (left === 0 && topic !== this.shop.touches.name) running.restored += restored
      },
      onRestart: error => running.restarts.push(`${error.code}: ${error.message}`),
      ...traits
    })
    running.worker.run().catch(error => running.restarts.push(`ended: ${error}`))
    this.running.set(name, running)
    return running
  }

  /** No commit, no goodbye: its connections are cut and it never does anything again. */
  async kill(name: string): Promise<void> {
    const { worker, cluster } = this.running.get(name) as Running
    await cluster.close()
    await worker.stop()
    this.running.delete(name)
  }

  child(worker: string, traits: Partial<ChildJob> = {}): ChildWorker {
    const child = new ChildWorker({
      bootstrap: this.#bootstrap,
      namespace: this.namespace,
      worker,
      directory: join(this.#folder, worker),
      partitions: this.partitions,
      commitIntervalMs: 100,
      sessionTimeoutMs: 3_000,
      transactionTimeoutMs: 8_000,
      standbysPerTask: 1,
      ...traits
    })
    this.children.push(child)
    return child
  }

  async wipe(worker: string): Promise<void> {
    await rm(join(this.#folder, worker), { recursive: true, force: true })
  }

  async write(records: readonly TouchRecord[]): Promise<void> {
    const { touches } = this.shop
    const byPartition = Map.groupBy(records, ({ key }) => partitionOf(key, this.partitions))
    await Promise.all(
      [...byPartition].map(([partition, some]) => {
        const encoded = some.map(({ key, timestamp, ...touch }) => ({
          key,
          timestamp,
          value: touches.value.encode(touch)
        }))
        return this.admin.append(touches.name, partition, encoded)
      })
    )
    this.written.push(...records)
  }

  /** All that is there, partition by partition, once its transactions have ended: the marker of a commit follows its answer. */
  async read(topic: string): Promise<ReadRecord[]> {
    const reader = this.admin.reader('inputs')
    const all = Array.from({ length: this.partitions }, (_, partition) => ({ topic, partition }))
    const ends = await this.admin.offsets(all, 'highWatermark')
    const starts = await this.admin.offsets(all, 'earliest')
    const records: ReadRecord[] = []
    for (const { partition } of all) {
      const end = ends.get(topic)?.get(partition) ?? 0
      reader.seek(topic, partition, starts.get(topic)?.get(partition) ?? 0)
      while ((reader.state(topic, partition)?.position ?? 0) < end) {
        await reader.arrived()
        const batch = reader.read(topic, partition, 1 << 20)
        for (let i = 0; i < (batch?.count ?? 0); i++) {
          const value = batch?.value(i)?.toString() ?? null
          const timestamp = batch?.timestamp(i) ?? 0
          records.push({ partition, key: batch?.key(i) ?? '', value, timestamp })
        }
      }
      reader.remove(topic, partition)
    }
    reader.close()
    return records
  }

  /** Everything written is processed, on every topic on the way, and committed. */
  async isThrough(): Promise<boolean> {
    const inputs = [this.shop.touches.name, `${this.namespace}.co-touched.v1.pairs-repartition`]
    for (const topic of inputs) {
      const places = Array.from({ length: this.partitions }, (_, partition) => ({ topic, partition }))
      const ends = await this.admin.offsets(places, 'highWatermark')
      const committed = await this.admin.committed(this.namespace, places)
      const isBehind = places.some(({ partition }) => {
        const end = ends.get(topic)?.get(partition) ?? 0
        return (committed.get(topic)?.get(partition)?.offset ?? 0) < end
      })
      if (isBehind) return false
    }
    return true
  }

  through(timeoutMs = 60_000): Promise<boolean> {
    return until(() => this.isThrough(), timeoutMs)
  }

  /** What came of it, in an order that does not depend on partitions. */
  async results(): Promise<Results> {
    const { loud, reminders, neighbours } = this.shop
    const written = async ({ name }: { name: string }) =>
      lines((await this.read(name)).map(({ key, value, timestamp }) => [key, value, timestamp]))
    const view = new Map((await this.read(this.companions)).map(({ key, value }) => [key, value]))
    return {
      companions: lines([...view].filter(([, value]) => value !== null)),
      loud: await written(loud),
      reminders: await written(reminders),
      neighbours: await written(neighbours)
    }
  }

  /** The same of the embedded stream, from the same records in the same partitions. */
  expected(): Results {
    const { touches, loud, reminders, neighbours, companions } = this.shop
    const driver = driveTopology(this.topologies, { commitEach: false, partitions: this.partitions })
    for (const { key, timestamp, ...touch } of this.written) driver.append(touches, key, touch, timestamp)
    driver.commit()
    const outputs = (topic: Topic<User, any>) =>
      lines(driver.outputs(topic).map(({ key, value, timestamp }) => [key, JSON.stringify(value), timestamp]))
    return {
      companions: lines([...driver.viewAll(companions)].map(([key, value]) => [key, JSON.stringify(value)])),
      loud: outputs(loud),
      reminders: outputs(reminders),
      neighbours: outputs(neighbours)
    }
  }

  async close(): Promise<void> {
    for (const child of this.children) await child.kill()
    for (const { worker } of this.running.values()) await worker.stop().catch(() => undefined)
    for (const cluster of this.#clusters) await cluster.close()
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

export interface Results {
  companions: string[]
  loud: string[]
  reminders: string[]
  neighbours: string[]
}

function lines(rows: readonly (readonly unknown[])[]): string[] {
  return rows.map(row => row.join(' ')).sort()
}
