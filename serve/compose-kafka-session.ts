import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cluster } from '../connectors/kafka/cluster.ts'
import { KafkaLog } from '../connectors/kafka/kafka-log.ts'
import { openStreamCluster } from '../connectors/kafka/stream-cluster.ts'
import { existingTopics, scanPartition } from '../connectors/kafka/topic-scan.ts'
import { changelogSpecs } from '../engine/distributed/changelogs.ts'
import { copyState } from '../engine/distributed/state-copy.ts'
import { stop } from '../engine/errors.ts'
import { EngineInspector } from '../engine/inspect/store-inspector.ts'
import { lineOf } from '../engine/log/topic-lines.ts'
import { RocksStore } from '../engine/stores/rocksdb-store.ts'
import type { Topology } from '../engine/topology.ts'
import type { Config } from '../schemas/config.ts'
import { basketWriters } from '../topologies/basket-writers.ts'
import type { OpenHow, Session } from './cli/context.ts'
import { kafkaConnection, purchaseSourceOnKafka, replicationFactorOf, whenReachable } from './compose-kafka.ts'
import { planOnKafka, topicsOnKafka, topologiesOnKafka } from './compose-kafka-topologies.ts'
import { composeKafkaWriter, type Watching } from './compose-kafka-writer.ts'
import { registryUse, useRegistry } from './compose-schema-ids.ts'
import { type KafkaWriter, kafkaOperations, type TopicOnKafka } from './kafka/kafka-operations.ts'

const inspectMemoryMb = 64

/** Kafka as the commands see it: they talk to the brokers themselves, and start nothing. */
export async function openKafkaSession(config: Config, how: OpenHow, watching: Watching): Promise<Session> {
  const session = new KafkaSession(config, watching)
  try {
    await session.open(how)
    return { operations: session.operations, isRemote: true, close: () => session.close() }
  } catch (error) {
    await session.close()
    throw error
  }
}

class KafkaSession {
  readonly #config: Config
  readonly #watching: Watching
  /** Of what runs when it is opened. */
  #topologies: Topology[] = []
  readonly #cluster: Cluster
  readonly #closers: (() => Promise<void>)[] = []
  #writer: KafkaWriter | null = null

  constructor(config: Config, watching: Watching) {
    this.#config = config
    this.#watching = watching
    this.#cluster = new Cluster(kafkaConnection(config))
    this.#closers.push(() => this.#cluster.close())
  }

  async open({ write }: OpenHow): Promise<void> {
    const { say } = this.#watching
    const source = await whenReachable(this.#config, () => purchaseSourceOnKafka(this.#config, this.#cluster), say)
    this.#topologies = topologiesOnKafka(this.#config, source)
    if (write) this.#writer = await this.#openWriter(source)
    const ids = await useRegistry({
      registry: registryUse(this.#config),
      topologies: this.#topologies,
      namespace: this.#config.namespace,
      cacheFile: join(this.#config.data_dir, 'commands', 'schemas.json'),
      say
    })
    this.#closers.push(() => ids.close())
  }

  get operations() {
    return kafkaOperations({
      topics: name => this.#existing(name),
      scan: place => scanPartition(this.#cluster, place),
      lineOf,
      inspector: store => this.#inspector(store),
      writer: this.#writer
    })
  }

  /** The last that was opened is closed first. */
  async close(): Promise<void> {
    for (const close of this.#closers.toReversed()) await close()
  }

  /** What workers and replicas use, changelogs included, and whatever else carries the namespace. */
  #existing(name: string | undefined): Promise<TopicOnKafka[]> {
    const known = new Set(topicsOnKafka(this.#config).map(spec => spec.name))
    const prefix = `${this.#config.namespace}.`
    const isOurs = (topic: string) => known.has(topic) || topic.startsWith(prefix)
    return existingTopics(this.#cluster, name === undefined ? isOurs : topic => topic === name)
  }

  async #openWriter(purchaseSource: 'orders' | 'events'): Promise<KafkaWriter> {
    const config = this.#config
    const cluster = this.#cluster
    const log = new KafkaLog({
      cluster,
      prefix: `${config.namespace}.`,
      replicationFactor: replicationFactorOf(config),
      compression: config.kafka.compression
    })
    this.#closers.push(() => log.close())
    await log.ensureTopics(topicsOnKafka(config))
    return composeKafkaWriter({ config, cluster, log, watching: this.#watching, purchaseSource })
  }

  /** Over a copy of what is asked for, in a directory that lasts as long as the session. */
  async #inspector(store: string | undefined): Promise<EngineInspector> {
    const { namespace, kafka } = this.#config
    const missing = await this.#missing()
    if (missing !== undefined) {
      throw stop(
        'streams_never_ran',
        `There is no topic ${missing} on the brokers: start millrace stream, or check namespace and kafka.brokers.`
      )
    }
    const directory = mkdtempSync(join(tmpdir(), 'millrace-look-'))
    const copy = await RocksStore.open(directory, { memoryMb: inspectMemoryMb })
    this.#closers.push(async () => {
      await copy.close()
      rmSync(directory, { recursive: true, force: true })
    })
    const earlier = store === undefined ? await this.#earlierWriters() : []
    await this.#copyInto(copy, [...earlier.map(one => [one]), this.#topologies], store)
    return new EngineInspector({
      store: copy,
      // Records of topics are checked by whoever reads them; here are only their copies.
      log: { topics: () => [], read: () => null, startOffset: () => 0, endOffset: () => 0 },
      topologies: this.#topologies,
      earlier,
      namespace,
      partitions: kafka.partitions,
      group: namespace
    })
  }

  async #copyInto(copy: RocksStore, running: readonly (readonly Topology[])[], store?: string): Promise<void> {
    const { namespace } = this.#config
    const cluster = openStreamCluster({ connection: kafkaConnection(this.#config), namespace, worker: 'commands' })
    const options = { cluster, namespace, group: namespace, store: copy, now: Date.now, onProgress: () => undefined }
    try {
      for (const topologies of running) {
        await copyState({ ...options, plan: planOnKafka(this.#config, topologies) }, store)
      }
    } finally {
      await cluster.close()
    }
  }

  /** Writers of the view of baskets that do not run any more, and have left their state on the log. */
  async #earlierWriters(): Promise<Topology[]> {
    const there = new Set((await this.#existing(undefined)).map(({ name }) => name))
    const changelogs = (topologies: readonly Topology[]) =>
      changelogSpecs(planOnKafka(this.#config, topologies).steps, this.#config.namespace).map(({ name }) => name)
    const running = new Set(changelogs(this.#topologies))
    return basketWriters.filter(writer => {
      const names = changelogs([writer])
      return names.every(name => there.has(name)) && !names.every(name => running.has(name))
    })
  }

  async #missing(): Promise<string | undefined> {
    const there = new Set((await this.#existing(undefined)).map(({ name }) => name))
    return topicsOnKafka(this.#config).find(({ name }) => !there.has(name))?.name
  }
}
