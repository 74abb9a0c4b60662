import { poison } from '../../engine/errors.ts'
import type { Log, NewRecord } from '../../engine/log/log.ts'
import { partitionOf } from '../../engine/log/partition-of.ts'
import { unpackRecords } from '../../engine/ports/packed-records.ts'
import type {
  StoreDigest,
  StoredEntry,
  StoreInfo,
  StoreInspector,
  Verified
} from '../../engine/ports/store-inspector.ts'
import type { StreamCounts } from '../../engine/ports/stream-messages.ts'
import type { Headers } from '../../engine/record.ts'
import type { StreamClient } from '../embedded/stream-client.ts'
import { inspection, inTurns } from './inspection.ts'
import { hasKey, type RawRecord, rawRecord } from './raw-record.ts'

/**
 * What the commands ask of a data directory. Every operation takes one JSON object and answers with rows of JSON, so that
 * it runs the same in the command's own process and through the admin port of a running instance (routes.ts, remote.ts).
 */
export interface Operations {
  status(): AsyncIterable<Status>
  topics(): AsyncIterable<TopicInfo>
  read(what: ReadParams): AsyncIterable<RawRecord>
  /** A line of an export per row. */
  export(what: { topic: string }): AsyncIterable<string>
  append(what: { appends: Append[] }): AsyncIterable<Appended>
  /** How far a resumable producer has come. */
  producer(what: { name: string }): AsyncIterable<{ position: string | null }>
  endHistory(what: { name: string }): AsyncIterable<{ commit: number }>
  /** Processes all that has arrived; counts are since the start of the stream. */
  flush(): AsyncIterable<{ commit: number; counts: StreamCounts | null; duplicates?: number }>
  stores(what: { sizes: boolean }): AsyncIterable<StoreInfo & { keys?: number; bytes?: number }>
  get(what: { store: string; key: string }): AsyncIterable<StoredEntry>
  scan(what: { store: string; prefix: string; limit: number }): AsyncIterable<StoredEntry>
  digest(what: { store?: string }): AsyncIterable<StoreDigest>
  verify(): AsyncIterable<Verified>
}

export const operationNames = [
  'status',
  'topics',
  'read',
  'export',
  'append',
  'producer',
  'endHistory',
  'flush',
  'stores',
  'get',
  'scan',
  'digest',
  'verify'
] as const satisfies readonly (keyof Operations)[]

export interface Status {
  pid: number
  commit: number
  /** Acknowledged commits that were missing when the directory was opened. */
  lost_commits: number
  bytes_on_disk: number
  counts: StreamCounts | null
  /** On Kafka, where each worker has counts of its own: what all tasks together have committed. */
  duplicates?: number
}

export interface TopicInfo {
  topic: string
  partitions: number
  cleanup: 'delete' | 'compact'
  retention_ms: number | null
  /** By partition. */
  start: number[]
  end: number[]
}

export interface ReadParams {
  topic: string
  partition?: number
  /** Offset in each partition. */
  from?: number
  /** Records in all. */
  limit?: number
  key?: string
}

export interface Append {
  topic: string
  /** `packRecords`, in base64. */
  records: string
  headers?: Headers
  partition?: number
  producer?: { name: string; to: string }
}

export interface Appended {
  commit: number
}

export interface OperationDeps {
  log: Pick<Log, 'topics' | 'read' | 'startOffset' | 'endOffset'> & { readonly commit: number }
  /** Of what runs now: it changes when purchases move from events to orders. */
  inspector(): StoreInspector
  /** null: opened for reading only. */
  client: Pick<StreamClient, 'appendAs' | 'endHistory' | 'flush' | 'counts'> | null
  exportLines(topic: string): Iterable<string>
  producerPosition(name: string): string | null
  lostCommits: number
  bytesOnDisk(): number
  /** Before records of a topic are appended. */
  beforeAppend?(topic: string): Promise<void>
  onAppended?(commit: number): void
}

const readBytes = 256 * 1024
/** The stream thread reports once a second. */
const countsWaitMs = 1_500

export function createOperations(deps: OperationDeps): Operations {
  const { log } = deps
  return {
    async *status() {
      const { lostCommits, client } = deps
      const bytes = deps.bytesOnDisk()
      const counts = client?.counts ?? null
      yield { pid: process.pid, commit: log.commit, lost_commits: lostCommits, bytes_on_disk: bytes, counts }
    },
    async *topics() {
      for (const { name, partitions, cleanup, retentionMs } of log.topics()) {
        const all = Array.from({ length: partitions }, (_, partition) => partition)
        yield {
          topic: name,
          partitions,
          cleanup,
          retention_ms: retentionMs ?? null,
          start: all.map(partition => log.startOffset(name, partition)),
          end: all.map(partition => log.endOffset(name, partition))
        }
      }
    },
    read: what => inTurns(recordsOf(log, what)),
    export: ({ topic }) => inTurns(deps.exportLines(topic)),
    append: what => appendAll(deps, what.appends),
    async *producer({ name }) {
      yield { position: deps.producerPosition(name) }
    },
    async *endHistory({ name }) {
      yield { commit: await writer(deps).endHistory(name) }
    },
    flush: () => flushed(deps),
    ...inspection(deps.inspector)
  }
}

/** The one row of an operation that has one. */
export async function only<T>(rows: AsyncIterable<T>): Promise<T> {
  for await (const row of rows) return row
  throw new TypeError('an operation that answers with a row has answered with none')
}

export async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const row of rows) list.push(row)
  return list
}

function writer({ client }: OperationDeps) {
  if (client) return client
  throw new TypeError('a directory that was opened for reading only is asked to write')
}

async function* appendAll(deps: OperationDeps, appends: Append[]): AsyncGenerator<Appended> {
  let commit = 0
  for (const { topic, records, headers, partition, producer } of appends) {
    await deps.beforeAppend?.(topic)
    const unpacked = unpacked64(records)
    const options = { headers, partition, producer, paced: true }
    commit = Math.max(commit, await writer(deps).appendAs(topic, unpacked, options))
    deps.onAppended?.(commit)
  }
  yield { commit }
}

export function unpacked64(records: string): NewRecord[] {
  const packed = Buffer.from(records, 'base64')
  // At least three bytes a record: what says otherwise was not packed by `packRecords`.
  if (packed.length < 4 || packed.readUInt32BE(0) * 3 > packed.length) {
    throw poison('records_unreadable', 'The records to append are cut off: send what packRecords has made.')
  }
  return unpackRecords(packed)
}

async function* flushed(deps: OperationDeps) {
  const client = writer(deps)
  const commit = await client.flush()
  const before = client.counts
  const until = performance.now() + countsWaitMs
  while (client.counts === before && performance.now() < until) await new Promise(resolve => setTimeout(resolve, 20))
  yield { commit, counts: client.counts }
}

function* recordsOf(log: OperationDeps['log'], what: ReadParams): Generator<RawRecord> {
  const { topic, from = 0, limit = Number.POSITIVE_INFINITY, key } = what
  log.topics()
  let left = limit
  for (const partition of partitionsOf(log, what)) {
    for (let offset = from; left > 0; ) {
      const batch = log.read(topic, partition, offset, readBytes)
      if (!batch) break
      for (let i = 0; i < batch.count && left > 0; i++) {
        if (!hasKey(batch, i, key)) continue
        left--
        yield rawRecord(batch, i)
      }
      offset = batch.nextOffset
    }
  }
}

function partitionsOf(log: OperationDeps['log'], { topic, partition, key }: ReadParams): number[] {
  // An unknown topic is refused by the first look at it, with the log's own words.
  const count = log.topics().find(({ name }) => name === topic)?.partitions ?? 1
  if (partition !== undefined) return [partition]
  return key === undefined ? Array.from({ length: count }, (_, i) => i) : [partitionOf(key, count)]
}
