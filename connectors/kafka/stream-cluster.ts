import type { Faults } from '../../engine/faults.ts'
import type { TopicPartition, TopicSpec } from '../../engine/log/log.ts'
import type {
  Group,
  GroupCallbacks,
  OffsetKind,
  ReadPurpose,
  StreamCluster,
  TaskReader,
  UnitProducer
} from '../../engine/ports/cluster.ts'
import { Admin } from './admin.ts'
import { Cluster, type ClusterOptions } from './cluster.ts'
import { committedOffsets } from './committed-offsets.ts'
import type { Compression } from './compression.ts'
import { GroupMember } from './group-member.ts'
import { IdempotentProducer } from './idempotent-producer.ts'
import { offsetsOf } from './list-offsets.ts'
import { LogTopics } from './log-topics.ts'
import { PlainProducer } from './plain-producer.ts'
import { PartitionReader } from './reader.ts'
import { TransactionalProducer } from './transactional-producer.ts'

export interface StreamClusterOptions {
  connection: ClusterOptions
  /** Prefix of group and transactional ids. */
  namespace: string
  /** Stable name of this worker: its transactional id and its group.instance.id. */
  worker: string
  /** Workers of one kind share a group; another kind waits until they are gone. */
  kind?: string
  standbysPerTask?: number
  replicationFactor?: number
  compression?: Compression
  readAheadBytesMax?: number
  sessionTimeoutMs?: number
  heartbeatIntervalMs?: number
  transactionTimeoutMs?: number
  /** Default: exactly once. */
  guarantee?: 'exactly_once' | 'at_least_once'
  faults?: Faults
}

/** Kafka as stream workers use it. */
export function openStreamCluster(options: StreamClusterOptions): StreamCluster {
  const cluster = new Cluster(options.connection)
  return new KafkaStreamCluster(cluster, options)
}

class KafkaStreamCluster implements StreamCluster {
  readonly #cluster: Cluster
  readonly #options: StreamClusterOptions
  readonly #admin: Admin
  readonly #appender: IdempotentProducer
  readonly #topics: LogTopics

  constructor(cluster: Cluster, options: StreamClusterOptions) {
    this.#cluster = cluster
    this.#options = options
    this.#admin = new Admin(cluster)
    this.#topics = new LogTopics(cluster, options.replicationFactor ?? -1)
    this.#appender = new IdempotentProducer(cluster, this.#outbox())
  }

  ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    return this.#topics.ensure(specs)
  }

  async topicId(topic: string): Promise<string> {
    return (await this.#cluster.topic(topic)).id
  }

  producer(): UnitProducer {
    const { namespace, worker, transactionTimeoutMs, guarantee, faults } = this.#options
    if (guarantee === 'at_least_once') return new PlainProducer(this.#cluster, { faults, ...this.#outbox() })
    return new TransactionalProducer(this.#cluster, {
      transactionalId: `${namespace}-${worker}`,
      timeoutMs: transactionTimeoutMs,
      faults,
      ...this.#outbox()
    })
  }

  reader(purpose: ReadPurpose): TaskReader {
    const { readAheadBytesMax } = this.#options
    return new PartitionReader(this.#cluster, {
      lane: `fetch ${purpose}`,
      ...(readAheadBytesMax === undefined ? {} : { readAheadBytesMax })
    })
  }

  group(taskGroups: readonly { name: string; topics: readonly string[] }[], callbacks: GroupCallbacks): Group {
    const { namespace, worker, kind, standbysPerTask, sessionTimeoutMs, heartbeatIntervalMs } = this.#options
    return new GroupMember(this.#cluster, {
      group: namespace,
      instanceId: worker,
      ...(kind === undefined ? {} : { kind }),
      taskGroups,
      standbysPerTask,
      ...(sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs }),
      ...(heartbeatIntervalMs === undefined ? {} : { heartbeatIntervalMs }),
      ...callbacks
    })
  }

  committed(group: string, wanted: readonly TopicPartition[]) {
    return committedOffsets(this.#cluster, group, byTopic(wanted))
  }

  offsets(wanted: readonly TopicPartition[], kind: OffsetKind) {
    return offsetsOf(this.#cluster, wanted, kind)
  }

  async append(topic: string, partition: number, records: Parameters<StreamCluster['append']>[2]): Promise<void> {
    await this.#appender.append(
      topic,
      records.map(record => ({ ...record, partition }))
    )
  }

  async deleteRecords(before: readonly (TopicPartition & { offset: number })[]): Promise<void> {
    await this.#admin.deleteRecords(before)
  }

  async close(): Promise<void> {
    await this.#cluster.close()
  }

  #outbox() {
    const { compression } = this.#options
    return { compression, batchBytesMax: (topic: string) => this.#topics.batchBytesMax(topic) }
  }
}

function byTopic(wanted: readonly TopicPartition[]): Map<string, number[]> {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of wanted) topics.set(topic, [...(topics.get(topic) ?? []), partition])
  return topics
}
