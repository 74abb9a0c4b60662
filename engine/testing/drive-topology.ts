import type { Clock } from '../clock.ts'
import { stop } from '../errors.ts'
import type { Faults } from '../faults.ts'
import { EmbeddedLog } from '../log/embedded-log.ts'
import type { NewRecord } from '../log/log.ts'
import { type Headers, historyHeader } from '../record.ts'
import { MemoryStore } from '../stores/memory-store.ts'
import { NameIds } from '../stores/name-ids.ts'
import type { StateStore } from '../stores/state-store.ts'
import { historyEndHeader, Stream, type StreamOptions, ticks } from '../stream.ts'
import { deadLetters } from '../task/outputs.ts'
import { logName } from '../task/plan.ts'
import { viewRowKey } from '../task/views.ts'
import type { Topic, ViewTopic } from '../topic.ts'
import type { Topology } from '../topology.ts'

export interface DriveOptions {
  partitions?: number
  batchRecords?: number
  /** Commit after every fed record (default), or only when `commit()` is called. */
  commitEach?: boolean
  faults?: Faults
  cacheBytes?: number
  /** State to go on with: a driver on the same store is a restart. */
  store?: StateStore
  /** After every unit of work. */
  onCommit?: StreamOptions['onCommit']
}

export interface OutputRecord<V> {
  key: string
  value: V | null
  timestamp: number
  headers?: Headers
}

/**
 * Drives whole topologies in memory and synchronously, through the same runtime, log and commit as production. Time is
 * only what the fed records and `tick` say.
 */
export class TopologyDriver {
  readonly store: StateStore
  readonly log: EmbeddedLog
  readonly stream: Stream
  readonly #partitions: number
  readonly #commitEach: boolean
  readonly #versions = new Map<string, number>()

  constructor(topologies: readonly Topology[], options: DriveOptions = {}) {
    this.store = options.store ?? new MemoryStore()
    this.log = new EmbeddedLog(this.store)
    this.#partitions = options.partitions ?? 1
    this.#commitEach = options.commitEach ?? true
    const streamOptions: StreamOptions = {
      topologies,
      log: this.log,
      store: this.store,
      partitions: this.#partitions,
      clock: frozenClock,
      commitIntervalMs: Number.POSITIVE_INFINITY,
      catchUpIntervalMs: Number.POSITIVE_INFINITY,
      ...pick(options)
    }
    void this.log.ensureTopics(Stream.topics(streamOptions))
    this.stream = new Stream(streamOptions)
    for (const { definition } of topologies) {
      for (const node of definition.nodes)
        if (node.kind === 'sink') this.#versions.set(node.topic.name, definition.version)
    }
  }

  /** Appends a record to a topic and processes it, with everything that follows from it. */
  feed<K extends string, V>(topic: Topic<K, V, any>, key: K, value: V | null, timestamp: number): void {
    this.append(topic, key, value, timestamp)
    if (this.#commitEach) this.commit()
  }

  /** Appends only; processed by the next `feed` or `commit`. */
  append<K extends string, V>(topic: Topic<K, V, any>, key: K, value: V | null, timestamp: number): void {
    this.appendRecord(topic, { key, value: encoded(topic, value), timestamp })
  }

  appendRecord(topic: Topic<any, any, any>, record: NewRecord): void {
    void this.log.append(this.#logName(topic), [record])
  }

  /** A record of a bulk load: never late. */
  load<K extends string, V>(topic: Topic<K, V, any>, key: K, value: V | null, timestamp: number): void {
    this.appendRecord(topic, { key, value: encoded(topic, value), timestamp, headers: { [historyHeader]: 'test' } })
    if (this.#commitEach) this.commit()
  }

  endLoad(timestamp: number): void {
    this.tick(timestamp, { [historyEndHeader]: 'test' })
  }

  /** Moves stream time of every partition. */
  tick(timestamp: number, headers?: Headers): void {
    for (let partition = 0; partition < this.#partitions; partition++) {
      void this.log.append(ticks, [{ key: null, value: null, timestamp, headers }], { partition })
    }
    if (this.#commitEach) this.commit()
  }

  /** Processes everything that has arrived and commits it. */
  commit(): void {
    this.stream.flush({ drain: true })
  }

  /** All records of a topic, partition by partition, in offset order. */
  outputs<V>(topic: Topic<any, V, any>): OutputRecord<V>[] {
    return this.#records(this.#logName(topic)).map(record => ({
      ...record,
      value: record.value === null ? null : topic.value.decode(record.value)
    }))
  }

  deadLetters(): OutputRecord<Buffer>[] {
    return this.#records(deadLetters)
  }

  view<K extends string, V>(view: ViewTopic<K, V>, key: K): V | undefined {
    const id = new NameIds(this.store).idOf('view', view.name)
    const [bytes] = this.store.getMany('views', [viewRowKey(id, key)])
    return bytes && view.value.decode(bytes)
  }

  /** The whole view, in order of its keys. */
  viewAll<V>(view: ViewTopic<any, V>): Map<string, V> {
    const id = new NameIds(this.store).idOf('view', view.name)
    const rows = this.store.range('views', { gte: viewRowKey(id, ''), lt: viewRowKey(id + 1, ''), limit: rowsMax })
    if (rows.length === rowsMax) throw stop('driver_view_too_large', `A driven view may have at most ${rowsMax} keys.`)
    return new Map(rows.map(([key, value]) => [key.toString('utf8', 2), view.value.decode(value)]))
  }

  #records(log: string): OutputRecord<Buffer>[] {
    const records: OutputRecord<Buffer>[] = []
    const { partitions } = this.log.topics().find(({ name }) => name === log) as { partitions: number }
    for (let partition = 0; partition < partitions; partition++) {
      for (let offset = 0; ; ) {
        const batch = this.log.read(log, partition, offset, 1 << 20)
        if (!batch) break
        for (let i = 0; i < batch.count; i++) {
          records.push({
            key: batch.key(i),
            value: batch.value(i),
            timestamp: batch.timestamp(i),
            headers: batch.headers(i)
          })
        }
        offset = batch.nextOffset
      }
    }
    return records
  }

  #logName(topic: Topic<any, any, any>): string {
    return logName(topic, 'millrace', this.#versions.get(topic.name) ?? 1)
  }
}

export function driveTopology(topology: Topology | readonly Topology[], options?: DriveOptions): TopologyDriver {
  return new TopologyDriver('definition' in topology ? [topology] : topology, options)
}

function encoded<V>(topic: Topic<any, V, any>, value: V | null): Buffer | null {
  return value === null ? null : topic.value.encode(value)
}

const rowsMax = 1_000_000
const frozenClock: Clock = { now: () => 0, monotonic: () => 0 }

function pick({ batchRecords, faults, cacheBytes, onCommit }: DriveOptions): Partial<StreamOptions> {
  return {
    ...(batchRecords === undefined ? {} : { batchRecords }),
    ...(faults === undefined ? {} : { faults }),
    ...(cacheBytes === undefined ? {} : { cacheBytes }),
    ...(onCommit === undefined ? {} : { onCommit })
  }
}
