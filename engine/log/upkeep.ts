import type { StateStore } from '../stores/state-store.ts'
import { ChunkBuilder } from './chunk.ts'
import type { TopicPartition } from './log.ts'
import { baseOffsetOf, chunkRange } from './log-rows.ts'
import type { LogState } from './log-state.ts'
import { type Chunk, chunkHeader, Segment, type SegmentBatch } from './segment.ts'
import type { Staging } from './staging.ts'
import type { TopicState } from './topic-table.ts'

/** What keeps the log in order needs of it. Each step is a commit of its own, and leaves every offset what it was. */
export interface Upkeep {
  readonly state: LogState
  readonly limits: UpkeepLimits
  stage(): Staging
  /** Chunks of a partition were rewritten. */
  forget(topicId: number, partition: number): void
}

export interface UpkeepLimits {
  /** How long a tombstone is kept for readers that have yet to hear of it, by its timestamp; default 24 h. */
  deleteRetentionMs: number
  /** A compacted partition is gone through when so much, and half of what it held, was added; default 1 MiB. */
  compactionBytesMin: number
  /** Keys that one pass of compaction holds in memory, some 100 B each; default 200,000. */
  compactionKeysMax: number
}

export interface Target {
  topic: TopicState
  partition: number
}

/** Small enough that a step stays within a few milliseconds. */
const stepBytesMax = 256 * 1024

export const placeOf = ({ topic, partition }: Target): TopicPartition => ({ topic: topic.spec.name, partition })

/** Chunks from an offset on, which is the base of one: up to a step's worth, one at least. */
export function chunksFrom(store: StateStore, { topic, partition }: Target, from: number, limit?: number): Chunk[] {
  const range = { ...chunkRange(topic.id, partition, from), bytesMax: stepBytesMax, limit }
  return store.range('log', range).map(([key, bytes]) => ({ baseOffset: baseOffsetOf(key), bytes }))
}

/** The last chunk that begins before the offset. */
export function chunkBefore(store: StateStore, { topic, partition }: Target, offset: number): Chunk | undefined {
  const range = { ...chunkRange(topic.id, partition, 0, offset), limit: 1, reverse: true }
  const [row] = store.range('log', range)
  return row && { baseOffset: baseOffsetOf(row[0]), bytes: row[1] }
}

export const endOf = (chunk: Chunk): number => chunk.baseOffset + chunkHeader(chunk).span

/** The offset up to which every group that reads the topic has read; where none does, its end. */
export function consumedTo({ groups }: LogState, { topic, partition }: Target): number {
  let consumed = topic.ends[partition].end
  for (const topics of groups.values()) {
    const position = topics.get(topic.spec.name)?.[partition]
    if (position !== undefined && position < consumed) consumed = position
  }
  return consumed
}

/** The records of neighbouring chunks that are kept, with their offsets, in as few chunks as that takes. */
export function rebuilt(
  place: TopicPartition,
  chunks: readonly Chunk[],
  keeps: (batch: SegmentBatch, index: number) => boolean
): { chunks: Chunk[]; dropped: number } {
  const segment = new Segment(place, chunks)
  const batch = segment.batch(0, segment.count)
  const kept: number[] = []
  for (let i = 0; i < batch.count; i++) if (keeps(batch, i)) kept.push(i)
  const isSparse = kept.length < segment.nextOffset - segment.firstOffset
  const builder = new ChunkBuilder({ isSparse })
  let expected = segment.firstOffset
  for (const i of kept) {
    builder.skip(batch.offset(i) - expected)
    builder.add(batch.keyBytes(i), batch.value(i), batch.timestamp(i), batch.headers(i))
    expected = batch.offset(i) + 1
  }
  const made: Chunk[] = []
  let baseOffset = segment.firstOffset
  builder.chunks((bytes, span) => {
    made.push({ baseOffset, bytes })
    baseOffset += span
  })
  return { chunks: made, dropped: batch.count - kept.length }
}
