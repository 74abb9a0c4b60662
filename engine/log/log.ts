import type { Headers } from '../record.ts'

/** What a topic is on this log. */
export interface TopicSpec {
  name: string
  partitions: number
  cleanup: 'delete' | 'compact'
  /** Event time; undefined = for ever. */
  retentionMs?: number
  retentionBytes?: number
  /** The log may keep records for less than `retentionMs`, as its operator decides; it is told, not refused. */
  mayKeepLess?: boolean
  recordBytesMax: number
}

/** A record to be appended. Keys are ids in UTF-8; a `null` value is a tombstone. */
export interface NewRecord {
  key: string | Buffer | null
  value: Buffer | null
  timestamp: number
  headers?: Headers
}

/**
 * Records of one topic partition in offset order, read as columns: nothing is decoded before it is asked for.
 * Offsets rise but may have gaps (compaction). Buffers are views into the batch and stay valid with it.
 */
export interface RecordBatch {
  readonly topic: string
  readonly partition: number
  readonly count: number
  /** The offset to read from next: behind the last record, gaps included. */
  readonly nextOffset: number
  offset(index: number): number
  timestamp(index: number): number
  key(index: number): string
  keyBytes(index: number): Buffer | null
  value(index: number): Buffer | null
  headers(index: number): Headers | undefined
  readonly bytes: number
}

export interface TopicPartition {
  topic: string
  partition: number
}

/**
 * The log as the engine reads and extends it: Kafka, or the embedded one. `read` never waits: it hands out what has
 * arrived (Kafka: what the read-ahead holds). Outputs of a unit of work do not go through `append` but through `commit`.
 */
export interface Log {
  /** Creates what is missing; refuses with one sentence where an existing topic does not fit its spec. */
  ensureTopics(specs: readonly TopicSpec[]): Promise<void>
  topics(): TopicSpec[]
  /** Default partitioner: murmur2 of the UTF-8 key, as in Kafka's clients (`partitionOf`). */
  read(topic: string, partition: number, fromOffset: number, bytesMax: number): RecordBatch | null
  startOffset(topic: string, partition: number): number
  /** Behind the last record that a reader may see. */
  endOffset(topic: string, partition: number): number
  /** Durable by the log's own policy when it returns; partition by key unless given. */
  append(topic: string, records: readonly NewRecord[], options?: AppendOptions): Promise<AppendResult> | AppendResult
  /** Offsets of a group committed by units of work; absent = never committed. */
  committed(group: string): Map<string, number[]>
}

export interface AppendOptions {
  partition?: number
  /**
   * Makes a bulk load resumable: position `to` of producer `name` is stored in the same write, and nothing is written
   * when the stored position is already at or past `to`.
   */
  producer?: { name: string; to: string }
}

export interface AppendResult {
  /** Last offset written per partition. */
  offsets: Map<number, number>
  /** The number of the write, growing by one per write of the whole log (embedded); what tokens name. */
  commit: number
}
