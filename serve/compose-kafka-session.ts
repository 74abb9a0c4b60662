import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Admin } from '../connectors/kafka/admin.ts'
import { Cluster } from '../connectors/kafka/cluster.ts'
import { KafkaLog } from '../connectors/kafka/kafka-log.ts'
import { openStreamCluster } from '../connectors/kafka/stream-cluster.ts'
import { existingTopics, scanPartition } from '../connectors/kafka/topic-scan.ts'
import { copyState } from '../engine/distributed/state-copy.ts'
import { derivedTopics, distinctTopics, workerTopics } from '../engine/distributed/worker-topics.ts'
import { stop } from '../engine/errors.ts'
import { EngineInspector } from '../engine/inspect/store-inspector.ts'
import type { TopicSpec } from '../engine/log/log.ts'
import { lineOf } from '../engine/log/topic-lines.ts'
import { RocksStore } from '../engine/stores/rocksdb-store.ts'
import { historyEndHeader, ticks } from '../engine/stream.ts'
import { type Plan, plan, topicSpec } from '../engine/task/plan.ts'
import type { Topology } from '../engine/topology.ts'
import type { Config } from '../schemas/config.ts'
import { allTopologies } from '../topologies/index.ts'
import type { OpenHow, Session } from './cli/context.ts'
import { kafkaConnection, purchaseSourceOnKafka, replicationFactorOf, whenReachable } from './compose-kafka.ts'
import { positionsOn, positionsWithTicks } from './compose-positions.ts'
import { registryUse, useRegistry } from './compose-schema-ids.ts'
import { inputRanks, inputTopics } from './input-topics.ts'
import { type KafkaWriter, kafkaOperations, type TopicOnKafka } from './kafka/kafka-operations.ts'
import { untilProcessed } from './kafka/until-processed.ts'

export interface Watching {
  /** Records at most that the streams have still to process, while a command waits for them. */
  onProgress(left: number): void
  say(line: string): void
}

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
  readonly #topologies: Topology[]
  readonly #plan: Plan
  readonly #cluster: Cluster
  readonly #closers: (() => Promise<void>)[] = []
  #writer: KafkaWriter | null = null

  constructor(config: Config, watching: Watching) {
    const { namespace, excluded_ids, kafka } = config
    const excludedIds = new Set(excluded_ids)
    this.#config = config
    this.#watching = watching
    this.#topologies = allTopologies({ purchaseSource: purchaseSourceOnKafka(config), excludedIds })
    this.#plan = plan(this.#topologies, {
      partitions: kafka.partitions,
      namespace,
      ranks: inputRanks,
      repartition: 'topics'
    })
    this.#cluster = new Cluster(kafkaConnection(config))
    this.#closers.push(() => this.#cluster.close())
  }

  async open({ write }: OpenHow): Promise<void> {
    const { say } = this.#watching
    await whenReachable(this.#config, () => this.#cluster.allTopics(), say)
    if (write) this.#writer = await this.#openWriter()
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
    const known = new Set(this.#specs().map(spec => spec.name))
    const prefix = `${this.#config.namespace}.`
    const isOurs = (topic: string) => known.has(topic) || topic.startsWith(prefix)
    return existingTopics(this.#cluster, name === undefined ? isOurs : topic => topic === name)
  }

  #specs(): TopicSpec[] {
    const { namespace, kafka } = this.#config
    const { partitions } = kafka
    const inputs = inputTopics.map(topic => topicSpec(topic, topic.name, partitions))
    return distinctTopics([...workerTopics({ topologies: this.#topologies, namespace, partitions }), ...inputs])
  }

  async #openWriter(): Promise<KafkaWriter> {
    const { namespace } = this.#config
    const cluster = this.#cluster
    const log = new KafkaLog({ cluster, prefix: `${namespace}.`, replicationFactor: replicationFactorOf(this.#config) })
    this.#closers.push(() => log.close())
    await log.ensureTopics(this.#specs())
    const derived = derivedTopics(this.#plan)
    const positions = positionsOn(cluster, namespace, () => log.topics())
    const admin = new Admin(cluster)
    const waiting = {
      members: async () => (await admin.describeGroup(namespace)).members.length,
      onProgress: this.#watching.onProgress,
      onNobody: once(() => this.#watching.say('Nobody processes the records yet: start millrace stream.'))
    }
    return {
      append: async (topic, records, options) => {
        await log.append(topic, records, options)
      },
      producerPosition: name => log.producerPosition(name),
      processed: () => untilProcessed({ derived, log: positions, ...waiting }),
      // After it, the tick that says so is the next thing every task sees; and then whatever its timers make of that.
      endHistory: async name => {
        await untilProcessed({ derived, log: positions, ...waiting })
        await this.#appendHistoryEnd(log, name)
        const ticked = positionsWithTicks(positions, { cluster, group: namespace, plan: this.#plan })
        await untilProcessed({ derived: new Map([[ticks, [...derived.keys()]], ...derived]), log: ticked, ...waiting })
      }
    }
  }

  async #appendHistoryEnd(log: KafkaLog, name: string): Promise<void> {
    const tick = { key: null, value: null, timestamp: Date.now(), headers: { [historyEndHeader]: name } }
    for (let partition = 0; partition < this.#config.kafka.partitions; partition++) {
      await log.append(ticks, [tick], { partition })
    }
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
    const cluster = openStreamCluster({ connection: kafkaConnection(this.#config), namespace, worker: 'commands' })
    try {
      const options = { cluster, plan: this.#plan, namespace, group: namespace, store: copy, now: Date.now }
      await copyState({ ...options, onProgress: () => undefined }, store)
    } finally {
      await cluster.close()
    }
    return new EngineInspector({
      store: copy,
      // Records of topics are checked by whoever reads them; here are only their copies.
      log: { topics: () => [], read: () => null, startOffset: () => 0, endOffset: () => 0 },
      topologies: this.#topologies,
      namespace,
      partitions: kafka.partitions,
      group: namespace
    })
  }

  async #missing(): Promise<string | undefined> {
    const there = new Set((await this.#existing(undefined)).map(({ name }) => name))
    return this.#specs().find(({ name }) => !there.has(name))?.name
  }
}

function once(work: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) work()
    isDone = true
  }
}
