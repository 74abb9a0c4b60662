import { stop } from '../errors.ts'
import type { WriteBatch } from '../stores/state-store.ts'
import { ChunkBuilder } from './chunk.ts'
import { type CommitRow, dropSettled, putCommit } from './commit-chain.ts'
import type { NewRecord, TopicPartition } from './log.ts'
import { chunkKey, type Ends, metaKey, positionsKey, producerKey, putEnds, putPositions } from './log-rows.ts'
import type { LogState } from './log-state.ts'
import type { Chunk } from './segment.ts'
import type { TopicState } from './topic-table.ts'

/** A partition that this write changes, as it will be. */
interface Change {
  topic: TopicState
  partition: number
  ends: Ends
  newChunks: number
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
  #changes: Change[] = []
  #positions: { group: string; topic: string; positions: number[] }[] = []
  #producers: { name: string; to: string }[] = []
  #forgotten: string[] = []
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
    const change = this.#change(topic, partition)
    const { ends } = change
    const firstOffset = ends.end
    builder.chunks((bytes, span) => {
      this.#put(change, { baseOffset: ends.end, bytes })
      ends.end += span
      change.newChunks++
    })
    builder.reset()
    return { firstOffset, nextOffset: ends.end }
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

  /** Takes chunks of a partition away and puts others in their place (retention, compaction, merging). */
  replace({ topic, partition }: TopicPartition, removed: readonly Chunk[], added: readonly Chunk[]): void {
    const change = this.#change(topic, partition)
    for (const { baseOffset, bytes } of removed) {
      const key = chunkKey(change.topic.id, partition, baseOffset)
      this.batch.delete('log', key)
      change.ends.bytes -= key.length + bytes.length
    }
    for (const chunk of added) this.#put(change, chunk)
  }

  setEnds({ topic, partition }: TopicPartition, traits: Partial<Pick<Ends, 'start' | 'cleanTo' | 'cleanBytes'>>): void {
    Object.assign(this.#change(topic, partition).ends, traits)
  }

  /** Forgets a group: nothing waits for it any more. */
  forgetGroup(group: string): void {
    for (const topic of this.#state.groups.get(group)?.keys() ?? []) {
      this.batch.delete('meta', positionsKey(group, topic))
    }
    this.#forgotten.push(group)
  }

  /** Completes the batch; the answer is the number of this write. */
  finish(): number {
    for (const { topic, partition, ends } of this.#changes) putEnds(this.batch, topic.id, partition, ends)
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
    for (const { topic, partition, ends, newChunks } of this.#changes) {
      topic.ends[partition] = ends
      topic.newChunks[partition] += newChunks
    }
    for (const { group, topic, positions } of this.#positions) state.positionsOf(group).set(topic, positions)
    for (const group of this.#forgotten) state.groups.delete(group)
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

  #put({ topic, partition, ends }: Change, { baseOffset, bytes }: Chunk): void {
    const key = chunkKey(topic.id, partition, baseOffset)
    this.batch.put('log', key, bytes)
    ends.bytes += key.length + bytes.length
  }

  #change(name: string, partition: number): Change {
    for (const change of this.#changes) {
      if (change.partition === partition && change.topic.spec.name === name) return change
    }
    const topic = this.#state.topics.at(name, partition)
    const change = { topic, partition, ends: { ...topic.ends[partition] }, newChunks: 0 }
    this.#changes.push(change)
    return change
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
