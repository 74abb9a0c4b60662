import { poison } from '../errors.ts'
import type { StateStore, WriteBatch } from '../stores/state-store.ts'
import { ChunkBuilder, recordBytes } from './chunk.ts'
import { ChunkReader } from './chunk-reader.ts'
import { FsyncPolicy } from './fsync-policy.ts'
import type { AppendOptions, AppendResult, Log, NewRecord, RecordBatch, TopicSpec } from './log.ts'
import { metaKey, producerKey } from './log-rows.ts'
import { type CommitRecorder, LogState } from './log-state.ts'
import { keepInOrder } from './maintenance.ts'
import { partitionOf } from './partition-of.ts'
import { misused, Staging } from './staging.ts'
import type { Upkeep, UpkeepLimits } from './upkeep.ts'

export interface EmbeddedLogOptions {
  /** Default: an fsync at most once a second. */
  fsync?: FsyncPolicy
  /** Notes commits beside the database; the data directory hands it out. */
  marker?: CommitRecorder
  limits?: Partial<UpkeepLimits>
}

const limitsDefault: UpkeepLimits = {
  deleteRetentionMs: 86_400_000,
  compactionBytesMin: 1 << 20,
  compactionKeysMax: 200_000
}

const fsyncIntervalDefaultMs = 1000

/**
 * The log inside the process, on a `StateStore`: topics × partitions of chunks. One writer, in one thread; other threads
 * read through `LogReader`. Everything of one write is one batch of the store.
 */
export class EmbeddedLog implements Log {
  readonly #state: LogState
  readonly #reader: ChunkReader
  readonly #upkeep: Upkeep
  #round: Generator<void> | null = null
  #builders: ChunkBuilder[] = []

  constructor(store: StateStore, options: EmbeddedLogOptions = {}) {
    const { fsync = new FsyncPolicy(fsyncIntervalDefaultMs), marker, limits } = options
    this.#state = new LogState(store, fsync, marker)
    this.#reader = new ChunkReader(store)
    this.#upkeep = {
      state: this.#state,
      limits: { ...limitsDefault, ...limits },
      stage: () => this.stage(store.batch()),
      forget: (topicId, partition) => this.#reader.forget(topicId, partition)
    }
  }

  /** The number of the last write. */
  get commit(): number {
    return this.#state.row.commit
  }

  async ensureTopics(specs: readonly TopicSpec[]): Promise<void> {
    const staging = this.stage(this.#state.store.batch())
    try {
      const { apply } = this.#state.topics.ensure(specs, staging.batch)
      if (staging.batch.count === 0) return staging.discard()
      staging.commit()
      apply()
    } catch (error) {
      this.#state.isStaging = false
      throw error
    }
  }

  topics(): TopicSpec[] {
    return this.#state.topics.all().map(({ spec }) => spec)
  }

  /** From the start offset if that has moved past `fromOffset`; null at the end. One record at least, else up to `bytesMax`. */
  read(topic: string, partition: number, fromOffset: number, bytesMax: number): RecordBatch | null {
    const { id, spec, ends } = this.#state.topics.at(topic, partition)
    const { start, end } = ends[partition]
    const place = { topicId: id, topic, partition, cleanup: spec.cleanup, start, end }
    return this.#reader.read(place, fromOffset, bytesMax)
  }

  startOffset(topic: string, partition: number): number {
    return this.#state.topics.at(topic, partition).ends[partition].start
  }

  endOffset(topic: string, partition: number): number {
    return this.#state.topics.at(topic, partition).ends[partition].end
  }

  committed(group: string): Map<string, number[]> {
    return new Map([...(this.#state.groups.get(group) ?? [])].map(([topic, positions]) => [topic, [...positions]]))
  }

  producerPosition(name: string): string | undefined {
    const known = this.#state.producers.get(name)
    if (known !== undefined) return known
    const position = this.#state.store.getMany('meta', [producerKey(name)])[0]?.toString()
    if (position !== undefined) this.#state.producers.set(name, position)
    return position
  }

  /** A row that a `Staging` has put. */
  meta(name: string): Buffer | undefined {
    return this.#state.store.getMany('meta', [metaKey(name)])[0]
  }

  /** Begins a write; the batch may already hold rows of the caller. The one before must have been applied or discarded. */
  stage(batch: WriteBatch): Staging {
    if (this.#state.isStaging) throw misused('a second write before the first one ended')
    this.#state.isStaging = true
    return new Staging(this.#state, batch)
  }

  append(topic: string, records: readonly NewRecord[], options: AppendOptions = {}): AppendResult {
    const { spec } = this.#state.topics.at(topic, options.partition ?? 0)
    const { producer } = options
    if (producer && !isBehind(this.producerPosition(producer.name), producer.to)) {
      return { offsets: new Map(), commit: this.commit }
    }
    this.#build(spec, records, options.partition)
    const staging = this.stage(this.#state.store.batch())
    try {
      const offsets = new Map<number, number>()
      this.#builders.forEach((builder, partition) => {
        if (builder.count > 0) offsets.set(partition, staging.append(topic, partition, builder).nextOffset - 1)
      })
      if (producer) staging.producer(producer.name, producer.to)
      return { offsets, commit: staging.commit() }
    } catch (error) {
      this.#state.isStaging = false
      throw error
    }
  }

  /** Makes commits durable that nothing has followed for the fsync interval; called between slices. */
  syncIfDue(): void {
    if (!this.#state.isSynced && this.#state.fsync.isDue()) this.stage(this.#state.store.batch()).commit()
  }

  /** Retention and compaction no longer wait for this group. */
  forgetGroup(group: string): void {
    const staging = this.stage(this.#state.store.batch())
    staging.forgetGroup(group)
    staging.commit()
  }

  /**
   * Keeps the log in order for about `budgetMs`: retention, compaction, merging of small chunks. Goes on at the next call
   * where it stopped; true when there is more to do. Called by the writer between slices; no staging may be open.
   */
  maintain(now: number, budgetMs: number): boolean {
    this.syncIfDue()
    const until = performance.now() + budgetMs
    this.#round ??= keepInOrder(this.#upkeep, now)
    do {
      if (!this.#round.next().done) continue
      this.#round = null
      return false
    } while (performance.now() < until)
    return true
  }

  /** Sorts the records into one builder per partition; a record that is too large refuses them all. */
  #build({ name, partitions, recordBytesMax }: TopicSpec, records: readonly NewRecord[], fixed?: number): void {
    while (this.#builders.length < partitions) this.#builders.push(new ChunkBuilder())
    for (const builder of this.#builders) builder.reset()
    for (const record of records) {
      const { key, value, timestamp, headers } = record
      if (recordBytes(key, value) > recordBytesMax) throw tooLarge(name, record, recordBytesMax)
      this.#builders[fixed ?? partitionOf(key, partitions)].add(key, value, timestamp, headers)
    }
  }
}

/** Positions that are numbers compare as such, others as text. */
function isBehind(stored: string | undefined, to: string): boolean {
  if (stored === undefined) return true
  const isNumeric = /^\d+$/.test(stored) && /^\d+$/.test(to)
  return isNumeric ? BigInt(stored) < BigInt(to) : stored < to
}

function tooLarge(topic: string, { key, value }: NewRecord, recordBytesMax: number) {
  return poison(
    'record_too_large',
    `A record of ${recordBytes(key, value)} bytes exceeds the ${recordBytesMax} bytes of topic ${topic}.`
  )
}
