import { stop } from '../errors.ts'
import type { WriteBatch } from '../stores/state-store.ts'
import { ChunkBuilder } from './chunk.ts'
import { type CommitRow, dropSettled, putCommit } from './commit-chain.ts'
import type { NewRecord } from './log.ts'
import { chunkKey, metaKey, producerKey, putEnds, putPositions } from './log-rows.ts'
import type { LogState } from './log-state.ts'
import type { TopicState } from './topic-table.ts'

interface Growth {
  topic: TopicState
  partition: number
  end: number
}

export interface Appended {
  /** Offset of the first record and behind the last one. */
  firstOffset: number
  nextOffset: number
}

/**
 * What one write adds to the log, inside the batch that also holds the caller's own rows: so that outputs, offsets and
 * state stand or fall together. In this order:
 *
 *     const staging = log.stage(store.batch())
 *     staging.append(…); staging.commitOffsets(…); staging.batch.put('state', …)
 *     staging.finish(); store.write(staging.batch, staging); staging.applied()      // or staging.commit()
 *
 * Until `applied` no reader sees anything of it; `discard` instead leaves the log as it was. One at a time.
 */
export class Staging {
  readonly batch: WriteBatch
  readonly #state: LogState
  #growth: Growth[] = []
  #positions: { group: string; topic: string; positions: number[] }[] = []
  #producers: { name: string; to: string }[] = []
  #row: CommitRow | null = null
  #sync = false
  #isOpen = true

  constructor(state: LogState, batch: WriteBatch) {
    this.#state = state
    this.batch = batch
  }

  /** Whether this write must wait for the disk (the fsync policy's answer); known after `finish`. */
  get sync(): boolean {
    return this.#sync
  }

  /** Offsets follow those of earlier appends of the same staging. A builder is emptied for its next use. */
  append(topic: string, partition: number, records: ChunkBuilder | readonly NewRecord[]): Appended {
    const builder = records instanceof ChunkBuilder ? records : built(records)
    const growth = this.#growthOf(topic, partition)
    const firstOffset = growth.end
    builder.chunks((chunk, span) => {
      this.batch.put('log', chunkKey(growth.topic.id, partition, growth.end), chunk)
      growth.end += span
    })
    builder.reset()
    return { firstOffset, nextOffset: growth.end }
  }

  /** Offsets to read from next, per topic one for each partition. */
  commitOffsets(group: string, positions: ReadonlyMap<string, readonly number[]>): void {
    for (const [topic, offsets] of positions) {
      putPositions(this.batch, group, topic, offsets)
      this.#positions.push({ group, topic, positions: [...offsets] })
    }
  }

  /** The position of an idempotent producer (`AppendOptions.producer`). */
  producer(name: string, to: string): void {
    this.batch.put('meta', producerKey(name), Buffer.from(to))
    this.#producers.push({ name, to })
  }

  /** A small row of the caller's own, read back by `log.meta(name)`. */
  putMeta(name: string, value: Buffer): void {
    this.batch.put('meta', metaKey(name), value)
  }

  /** Completes the batch; the answer is the number of this write. */
  finish(): number {
    for (const { topic, partition, end } of this.#growth)
      putEnds(this.batch, topic.id, partition, { start: topic.starts[partition], end })
    const { row, marker } = this.#state
    this.#row = putCommit(this.batch, row, marker?.settled)
    this.#sync = this.#state.fsync.isDue()
    return this.#row.commit
  }

  /** The batch is written: publishes the new ends and records the commit in the side file. */
  applied(): void {
    if (this.#row === null) throw misused('applied before finish')
    const state = this.#state
    const hasSettledMore = this.#row.settled > state.row.settled
    state.row = this.#row
    for (const { topic, partition, end } of this.#growth) topic.ends[partition] = end
    for (const { group, topic, positions } of this.#positions) state.positionsOf(group).set(topic, positions)
    for (const { name, to } of this.#producers) state.producers.set(name, to)
    this.#end()
    state.marker?.record(this.#row.commit, this.#sync)
    if (this.#sync) state.synced()
    if (hasSettledMore) dropSettled(state.store, this.#row)
  }

  discard(): void {
    this.#end()
  }

  /** `finish`, write and `applied` in one. */
  commit(): number {
    const commit = this.finish()
    this.#state.store.write(this.batch, { sync: this.#sync })
    this.applied()
    return commit
  }

  #end(): void {
    if (!this.#isOpen) throw misused('ended twice')
    this.#isOpen = false
    this.#state.isStaging = false
  }

  #growthOf(name: string, partition: number): Growth {
    for (const growth of this.#growth) {
      if (growth.partition === partition && growth.topic.spec.name === name) return growth
    }
    const topic = this.#state.topics.at(name, partition)
    const growth = { topic, partition, end: topic.ends[partition] }
    this.#growth.push(growth)
    return growth
  }
}

export function misused(how: string) {
  return stop(
    'log_staging_misused',
    `The log was written in a wrong order (${how}): this is a defect, please report it.`
  )
}

function built(records: readonly NewRecord[]): ChunkBuilder {
  const builder = new ChunkBuilder()
  for (const record of records) builder.addRecord(record)
  return builder
}
