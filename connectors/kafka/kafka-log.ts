import { poison } from '../../engine/errors.ts'
import type { AppendOptions, AppendResult, Log, NewRecord, RecordBatch, TopicSpec } from '../../engine/log/log.ts'
import { partitionOf } from '../../engine/log/partition-of.ts'
import type { Cluster } from './cluster.ts'
import { committedOffsets } from './committed-offsets.ts'
import type { Compression } from './compression.ts'
import { translated } from './errors.ts'
import { type AddressedRecord, IdempotentProducer } from './idempotent-producer.ts'
import { LoadProducers } from './load-producers.ts'
import { LogTopics } from './log-topics.ts'
import { PartitionReader, type ReaderOptions } from './reader.ts'

export interface KafkaLogOptions {
  cluster: Cluster
  /** Prefix of transactional ids and groups; ends with a dot. */
  prefix: string
  /** -1 = the brokers' default. */
  replicationFactor?: number
  compression?: Compression
  reader?: ReaderOptions
  /** How often starts and ends are asked for that no fetch tells. */
  refreshMs?: number
}

/**
 * The log on Kafka. Units of work do not go through `append` but through a `TransactionalProducer`. What is synchronous
 * answers from what has arrived: `read` from the read-ahead, `endOffset` from fetches and a question every `refreshMs`,
 * `committed` from the last `loadCommitted`.
 */
export class KafkaLog implements Log {
  readonly #cluster: Cluster
  readonly #topics: LogTopics
  readonly #reader: PartitionReader
  readonly #producer: IdempotentProducer
  readonly #loads: LoadProducers
  readonly #committed = new Map<string, Map<string, number[]>>()
  readonly #timer: NodeJS.Timeout
  #isRefreshing = false
  #appends = 0
  /** Why ends could not be asked for, while that lasts. */
  problem: Error | undefined

  constructor({ cluster, prefix, compression, ...options }: KafkaLogOptions) {
    this.#cluster = cluster
    this.#topics = new LogTopics(cluster, options.replicationFactor ?? -1)
    this.#reader = new PartitionReader(cluster, options.reader)
    const writing = { compression, batchBytesMax: (topic: string) => this.#topics.batchBytesMax(topic) }
    this.#producer = new IdempotentProducer(cluster, writing)
    this.#loads = new LoadProducers(cluster, prefix, writing)
    this.#timer = setInterval(() => void this.#refresh(), options.refreshMs ?? 1_000)
    this.#timer.unref()
  }

  ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    return this.#topics.ensure(specs)
  }

  topics(): TopicSpec[] {
    return this.#topics.all()
  }

  /** Null when nothing has arrived; without records when only markers and gaps were passed. */
  read(topic: string, partition: number, fromOffset: number, bytesMax: number): RecordBatch | null {
    this.#moveTo(topic, partition, fromOffset)
    return this.#reader.read(topic, partition, bytesMax)
  }

  /** Settles when something of what is being read has arrived. */
  arrived(): Promise<void> {
    return this.#reader.arrived()
  }

  /** Settles when `read` from there has something to hand out, or the broker says that there is nothing. */
  async ready(topic: string, partition: number, fromOffset: number): Promise<void> {
    this.#moveTo(topic, partition, fromOffset)
    while (!this.#reader.isReadable(topic, partition)) {
      await this.#topics.refresh([topic])
      if (this.#topics.at(topic, partition).ends[partition] <= fromOffset) return
      await this.#reader.arrived()
    }
  }

  /** Stops reading ahead of a partition. */
  release(topic: string, partition: number): void {
    this.#reader.remove(topic, partition)
  }

  startOffset(topic: string, partition: number): number {
    const asked = this.#topics.at(topic, partition).starts[partition]
    return Math.max(asked, this.#reader.state(topic, partition)?.logStartOffset ?? 0)
  }

  endOffset(topic: string, partition: number): number {
    const asked = this.#topics.at(topic, partition).ends[partition]
    return Math.max(asked, this.#reader.state(topic, partition)?.lastStableOffset ?? 0)
  }

  /** `commit` counts the appends of this process: on Kafka a token names positions, not writes. */
  async append(topic: string, records: readonly NewRecord[], options: AppendOptions = {}): Promise<AppendResult> {
    const addressed = this.#addressed(topic, records, options.partition)
    if (options.producer) {
      const isWritten = await this.#loads.append(topic, addressed, options.producer)
      if (isWritten) await this.#topics.refresh([topic])
      return { offsets: new Map(), commit: isWritten ? ++this.#appends : this.#appends }
    }
    const offsets = await this.#producer.append(topic, addressed)
    for (const [partition, last] of offsets) this.#topics.heard(topic, partition, last + 1)
    return { offsets, commit: ++this.#appends }
  }

  /** How far a producer that is named in `append` has come. */
  producerPosition(name: string): Promise<string | undefined> {
    return this.#loads.position(name)
  }

  committed(group: string): Map<string, number[]> {
    return new Map(this.#committed.get(group))
  }

  /** Asks for what a group has committed, once no open transaction can change it (KIP-447). */
  async loadCommitted(group: string): Promise<Map<string, number[]>> {
    const found = await committedOffsets(this.#cluster, group)
    const byTopic = new Map<string, number[]>()
    for (const [topic, byPartition] of found) {
      const partitions = Math.max(...byPartition.keys()) + 1
      const start = (partition: number) => byPartition.get(partition)?.offset ?? 0
      byTopic.set(
        topic,
        Array.from({ length: partitions }, (_, partition) => start(partition))
      )
    }
    this.#committed.set(group, byTopic)
    return byTopic
  }

  /** The cluster stays open: it is the caller's. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#reader.close()
    await this.#loads.close()
  }

  #moveTo(topic: string, partition: number, fromOffset: number): void {
    this.#topics.at(topic, partition)
    if (this.#reader.state(topic, partition)?.position !== fromOffset) this.#reader.seek(topic, partition, fromOffset)
  }

  /** Refuses all records for one that is too large or has no time. */
  #addressed(topic: string, records: readonly NewRecord[], fixed?: number): AddressedRecord[] {
    const { spec } = this.#topics.at(topic, fixed ?? 0)
    return records.map(({ key, value, timestamp, headers }) => {
      const bytes = (key === null ? 0 : Buffer.byteLength(key)) + (value?.length ?? 0)
      if (bytes > spec.recordBytesMax) {
        throw poison(
          'record_too_large',
          `A record of ${bytes} bytes exceeds the ${spec.recordBytesMax} bytes of topic ${topic}.`
        )
      }
      if (!Number.isSafeInteger(timestamp) || timestamp < 0) {
        throw poison(
          'timestamp_invalid',
          `A record of ${topic} has the timestamp ${timestamp}: it must be ms since 1970.`
        )
      }
      return { key, value, timestamp, headers, partition: fixed ?? partitionOf(key, spec.partitions) }
    })
  }

  async #refresh(): Promise<void> {
    if (this.#isRefreshing) return
    this.#isRefreshing = true
    try {
      await this.#topics.refresh()
      this.problem = undefined
    } catch (error) {
      this.problem = translated(error, 'asking for ends')
    } finally {
      this.#isRefreshing = false
    }
  }
}
