import { stop } from '../../engine/errors.ts'
import type { NewRecord, RecordBatch, TopicPartition, TopicSpec } from '../../engine/log/log.ts'
import { partitionOf } from '../../engine/log/partition-of.ts'
import type { StoreInspector } from '../../engine/ports/store-inspector.ts'
import { inspection } from '../admin/inspection.ts'
import { type Append, type Operations, type ReadParams, unpacked64 } from '../admin/operations.ts'
import { hasKey, type RawRecord, rawRecord } from '../admin/raw-record.ts'

/** A topic as it stands on the brokers; starts and ends by partition. */
export interface TopicOnKafka extends TopicSpec {
  starts: number[]
  ends: number[]
}

export interface KafkaOperationDeps {
  /** Those that this deployment reads or writes, or the one of that name. */
  topics(name?: string): Promise<TopicOnKafka[]>
  /** Committed records; the last batch may hold some behind `to`. */
  scan(place: TopicPartition & { from: number; to: number }): AsyncIterable<RecordBatch>
  /** A line of an export. */
  lineOf(batch: RecordBatch, index: number): unknown
  inspector(store?: string): Promise<StoreInspector>
  /** null: opened for reading only. */
  writer: KafkaWriter | null
}

export interface KafkaWriter {
  append(topic: string, records: readonly NewRecord[], options: Pick<Append, 'partition' | 'producer'>): Promise<void>
  producerPosition(name: string): Promise<string | undefined>
  /** Once the streams have processed everything that is on the log now. */
  processed(): Promise<void>
  /** Records that came twice, as the streams have committed it so far. */
  duplicates(): Promise<number>
  endHistory(name: string): Promise<void>
}

/**
 * What the commands ask, on Kafka: every command talks to the brokers itself, wherever it runs. There is one commit number
 * less than embedded: writes have offsets, so `commit` is always 0, and counts are the workers' own metrics.
 */
export function kafkaOperations(deps: KafkaOperationDeps): Operations {
  return {
    async *status() {
      const duplicates = await deps.writer?.duplicates()
      yield { pid: process.pid, commit: 0, lost_commits: 0, bytes_on_disk: 0, counts: null, duplicates }
    },
    async *topics() {
      for (const { name, partitions, cleanup, retentionMs = null, starts, ends } of await deps.topics()) {
        yield { topic: name, partitions, cleanup, retention_ms: retentionMs, start: starts, end: ends }
      }
    },
    read: what => recordsOf(deps, what),
    export: ({ topic }) => linesOf(deps, topic),
    async *append({ appends }) {
      for (const { topic, records, headers, ...options } of appends) {
        await writer(deps).append(topic, withHeaders(unpacked64(records), headers), options)
      }
      yield { commit: 0 }
    },
    async *producer({ name }) {
      yield { position: (await writer(deps).producerPosition(name)) ?? null }
    },
    async *endHistory({ name }) {
      await writer(deps).endHistory(name)
      yield { commit: 0 }
    },
    async *flush() {
      await writer(deps).processed()
      yield { commit: 0, counts: null, duplicates: await deps.writer?.duplicates() }
    },
    ...inspection(deps.inspector)
  }
}

function writer({ writer }: KafkaOperationDeps): KafkaWriter {
  if (writer) return writer
  throw new TypeError('a log that was opened for reading only is asked to write')
}

function withHeaders(records: NewRecord[], headers: Append['headers']): NewRecord[] {
  return headers ? records.map(record => ({ ...record, headers })) : records
}

async function* recordsOf(deps: KafkaOperationDeps, what: ReadParams): AsyncGenerator<RawRecord> {
  const { topic, from = 0, limit = Number.POSITIVE_INFINITY, key } = what
  const found = await existing(deps, topic)
  let left = limit
  for (const partition of partitionsOf(found, what)) {
    for await (const { batch, index } of records(deps, found, { partition, from })) {
      if (left <= 0) return
      if (!hasKey(batch, index, key)) continue
      left--
      yield rawRecord(batch, index)
    }
  }
}

async function* linesOf(deps: KafkaOperationDeps, topic: string): AsyncGenerator<string> {
  const found = await existing(deps, topic)
  for (const partition of found.ends.keys()) {
    for await (const { batch, index } of records(deps, found, { partition, from: 0 })) {
      yield JSON.stringify(deps.lineOf(batch, index))
    }
  }
}

/** Of one partition, up to the end it had when it was asked for. */
async function* records(
  deps: KafkaOperationDeps,
  { name, starts, ends }: TopicOnKafka,
  { partition, from }: { partition: number; from: number }
): AsyncGenerator<{ batch: RecordBatch; index: number }> {
  const to = ends[partition]
  for await (const batch of deps.scan({ topic: name, partition, from: Math.max(from, starts[partition]), to })) {
    for (let index = 0; index < batch.count && batch.offset(index) < to; index++) yield { batch, index }
  }
}

function partitionsOf({ name, partitions }: TopicOnKafka, { partition, key }: ReadParams): number[] {
  if (partition === undefined) {
    return key === undefined ? Array.from({ length: partitions }, (_, i) => i) : [partitionOf(key, partitions)]
  }
  if (partition < partitions) return [partition]
  throw stop(
    'partition_unknown',
    `Topic ${name} has partitions 0 to ${partitions - 1}, not ${partition}: check who asks for it.`
  )
}

async function existing({ topics }: KafkaOperationDeps, name: string): Promise<TopicOnKafka> {
  const [found] = await topics(name)
  if (found) return found
  throw stop(
    'topic_unknown',
    `There is no topic ${name} in this log: check its name, or start the release that declares it.`
  )
}
