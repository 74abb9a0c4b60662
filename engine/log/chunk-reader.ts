import { stop } from '../errors.ts'
import type { StoreReader } from '../stores/state-store.ts'
import type { RecordBatch, TopicPartition, TopicSpec } from './log.ts'
import { baseOffsetOf, chunkRange } from './log-rows.ts'
import { type Chunk, chunkHeader, Segment } from './segment.ts'

/** Decoded segments kept for whoever reads on in small steps, all partitions together. */
const cacheBytesMax = 16 << 20
/** Fewer bytes than this are not worth a look-up of their own. */
const loadBytesMin = 64 * 1024

export interface Place extends TopicPartition {
  topicId: number
  cleanup: TopicSpec['cleanup']
  start: number
  end: number
}

/** Reads chunks of any partition; keeps the last decoded segment of each, since readers mostly go on. */
export class ChunkReader {
  #store: StoreReader
  #segments = new Map<number, Segment>()
  #cachedBytes = 0

  constructor(store: StoreReader) {
    this.#store = store
  }

  read(place: Place, fromOffset: number, bytesMax: number): RecordBatch | null {
    const from = Math.max(fromOffset, place.start)
    if (from >= place.end) return null
    const segment = this.#segment(place, from, bytesMax)
    const first = segment.indexOf(from)
    const start = segment.keyStarts[first]
    let to = first + 1
    if (segment.valueEnds[segment.count - 1] - start <= bytesMax) to = segment.count
    else while (segment.valueEnds[to] - start <= bytesMax) to++
    return segment.batch(first, to)
  }

  /** Forgets what it holds of a partition whose chunks were rewritten. */
  forget(topicId: number, partition: number): void {
    const key = topicId * 65536 + partition
    this.#cachedBytes -= this.#segments.get(key)?.bytes ?? 0
    this.#segments.delete(key)
  }

  #segment(place: Place, from: number, bytesMax: number): Segment {
    const key = place.topicId * 65536 + place.partition
    const held = this.#segments.get(key)
    if (held && held.firstOffset <= from && from < held.nextOffset && held.indexOf(from) < held.count) return held
    const isChunkStart = held?.nextOffset === from
    const chunks = this.#load(place, from, isChunkStart ? from : this.#baseOf(place, from), bytesMax)
    refuseHoles(place, from, chunks)
    const segment = new Segment({ topic: place.topic, partition: place.partition }, chunks)
    this.forget(place.topicId, place.partition)
    this.#segments.set(key, segment)
    this.#cachedBytes += segment.bytes
    for (const oldest of this.#segments.keys()) {
      if (this.#cachedBytes <= cacheBytesMax) break
      this.forget(Math.floor(oldest / 65536), oldest % 65536)
    }
    return segment
  }

  /** Looks again where chunks were merged meanwhile (by the writer, in another thread) and the offset is now inside one. */
  #load(place: Place, from: number, base: number, bytesMax: number): Chunk[] {
    const range = chunkRange(place.topicId, place.partition, base)
    const rows = this.#store.range('log', { ...range, bytesMax: Math.max(bytesMax, loadBytesMin) })
    const chunks = rows.map(([row, bytes]): Chunk => ({ baseOffset: baseOffsetOf(row), bytes }))
    if (chunks.length > 0 && chunks[0].baseOffset <= from) return chunks
    const baseNow = this.#baseOf(place, from)
    return baseNow < from && baseNow !== base ? this.#load(place, from, baseNow, bytesMax) : chunks
  }

  /** Where the chunk starts that holds the offset, if one does. */
  #baseOf({ topicId, partition }: Place, from: number): number {
    const range = chunkRange(topicId, partition, 0, from + 1)
    const [row] = this.#store.range('log', { ...range, limit: 1, reverse: true })
    if (!row) return from
    const baseOffset = baseOffsetOf(row[0])
    const isInside = from < baseOffset + chunkHeader({ baseOffset, bytes: row[1] }).span
    return isInside ? baseOffset : from
  }
}

/** Below the end there are records; and only compaction leaves gaps. */
function refuseHoles({ topic, partition, cleanup, end }: Place, from: number, chunks: readonly Chunk[]): void {
  let expected = from
  for (const chunk of chunks) {
    if (cleanup === 'delete' && chunk.baseOffset > expected) break
    expected = chunk.baseOffset + chunkHeader(chunk).span
  }
  const last = chunks.at(-1)
  if (last && expected === last.baseOffset + chunkHeader(last).span) return
  throw stop(
    'log_chunk_missing',
    `Records of ${topic}, partition ${partition}, from offset ${expected} on are missing, though the log ends at ${end}: restore a backup of the data directory, or go on without it in an empty one.`
  )
}
