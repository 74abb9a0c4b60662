import { crc32 } from 'node:zlib'
import { ByteReader } from '../bytes.ts'
import { stop } from '../errors.ts'
import type { Headers } from '../record.ts'
import { recurringText } from '../recurring-text.ts'
import {
  chunkVersion,
  countAt,
  crcAt,
  firstTimestampAt,
  flagsAt,
  headerBytes,
  maxTimestampAt,
  spanAt,
  sparseFlag
} from './chunk.ts'
import type { RecordBatch, TopicPartition } from './log.ts'

export interface Chunk {
  baseOffset: number
  bytes: Buffer
}

/** What stands in front of a chunk's records. */
export function chunkHeader({ bytes }: Chunk) {
  return {
    count: bytes.readUInt32BE(countAt),
    span: bytes.readUInt32BE(spanAt),
    maxTimestamp: i64(bytes, maxTimestampAt)
  }
}

/** Throws unless the bytes are what was written. */
function checkChunk({ bytes, baseOffset }: Chunk, { topic, partition }: TopicPartition): void {
  if (
    bytes.length > headerBytes &&
    bytes[0] === chunkVersion &&
    crc32(bytes.subarray(flagsAt)) === bytes.readUInt32BE(crcAt)
  ) {
    return
  }
  throw stop(
    'log_chunk_corrupt',
    `The records of ${topic}, partition ${partition}, from offset ${baseOffset} on are damaged: restore a backup of the data directory, or go on without it in an empty one.`
  )
}

/** Decoded chunks of one partition as columns of positions; nothing else is decoded before it is asked for. */
export class Segment {
  readonly place: TopicPartition
  readonly firstOffset: number
  readonly nextOffset: number
  readonly count: number
  readonly buffer: Buffer
  readonly offsets: Float64Array
  readonly timestamps: Float64Array
  /** Start of the key, of the value, and behind the value; a missing one is noted in `nulls`. */
  readonly keyStarts: Int32Array
  readonly valueStarts: Int32Array
  readonly valueEnds: Int32Array
  /** 1 = no key, 2 = tombstone, 4 = has headers. */
  readonly marks: Uint8Array
  #lastHeaders: { start: number; end: number; headers: Headers } | null = null

  constructor(place: TopicPartition, chunks: readonly Chunk[]) {
    for (const chunk of chunks) checkChunk(chunk, place)
    const headers = chunks.map(chunkHeader)
    const last = chunks.length - 1
    this.place = place
    this.firstOffset = chunks[0].baseOffset
    this.nextOffset = chunks[last].baseOffset + headers[last].span
    this.count = headers.reduce((sum, { count }) => sum + count, 0)
    this.buffer = chunks.length === 1 ? chunks[0].bytes : Buffer.concat(chunks.map(({ bytes }) => bytes))
    this.offsets = new Float64Array(this.count)
    this.timestamps = new Float64Array(this.count)
    this.keyStarts = new Int32Array(this.count)
    this.valueStarts = new Int32Array(this.count)
    this.valueEnds = new Int32Array(this.count)
    this.marks = new Uint8Array(this.count)
    let start = 0
    let index = 0
    for (const { baseOffset, bytes } of chunks) {
      index = this.#decode(start, baseOffset, index)
      start += bytes.length
    }
  }

  get bytes(): number {
    return this.buffer.length + this.count * 29
  }

  /** Records `from` to before `to`. */
  batch(from: number, to: number): SegmentBatch {
    return new SegmentBatch(this, from, to)
  }

  /** Neighbours mostly carry the same headers: those are decoded once. */
  headersAt(position: number): Headers {
    const { buffer } = this
    const last = this.#lastHeaders
    const end = position + (last ? last.end - last.start : 0)
    if (last && end <= buffer.length && buffer.compare(buffer, last.start, last.end, position, end) === 0)
      return last.headers
    const input = new ByteReader(buffer, position)
    const entries: [string, string][] = []
    for (let left = input.varint(); left > 0; left--) entries.push([input.string(), input.string()])
    const headers = Object.fromEntries(entries)
    this.#lastHeaders = { start: position, end: input.position, headers }
    return headers
  }

  /** The first record at or behind the offset. */
  indexOf(offset: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.offsets[middle] < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  #decode(start: number, baseOffset: number, from: number): number {
    const { buffer, offsets, timestamps, keyStarts, valueStarts, valueEnds, marks } = this
    const isSparse = (buffer[start + flagsAt] & sparseFlag) !== 0
    const end = from + buffer.readUInt32BE(start + countAt)
    const input = new ByteReader(buffer, start + headerBytes)
    let offset = baseOffset
    let timestamp = i64(buffer, start + firstTimestampAt)
    for (let i = from; i < end; i++) {
      if (isSparse) offset += input.varint()
      offsets[i] = offset++
      const valueMark = input.varint()
      timestamp += input.zigzag()
      timestamps[i] = timestamp
      const keyLength = input.varint() - 1
      const keyStart = input.position
      const valueStart = keyLength < 0 ? keyStart : keyStart + keyLength
      const valueLength = (valueMark - (valueMark % 2)) / 2 - 1
      const valueEnd = valueLength < 0 ? valueStart : valueStart + valueLength
      keyStarts[i] = keyStart
      valueStarts[i] = valueStart
      valueEnds[i] = valueEnd
      marks[i] = (keyLength < 0 ? 1 : 0) | (valueLength < 0 ? 2 : 0) | (valueMark % 2 === 1 ? 4 : 0)
      input.position = valueEnd
      if (valueMark % 2 === 1) skipHeaders(input)
    }
    return end
  }
}

/** A window on a segment: records `from` to before `to`. */
export class SegmentBatch implements RecordBatch {
  readonly topic: string
  readonly partition: number
  readonly count: number
  readonly nextOffset: number
  readonly #segment: Segment
  readonly #from: number

  constructor(segment: Segment, from: number, to: number) {
    this.topic = segment.place.topic
    this.partition = segment.place.partition
    this.count = to - from
    this.nextOffset = to === segment.count ? segment.nextOffset : segment.offsets[to]
    this.#segment = segment
    this.#from = from
  }

  get bytes(): number {
    if (this.count === 0) return 0
    const { keyStarts, valueEnds } = this.#segment
    return valueEnds[this.#from + this.count - 1] - keyStarts[this.#from]
  }

  offset(index: number): number {
    return this.#segment.offsets[this.#from + index]
  }

  timestamp(index: number): number {
    return this.#segment.timestamps[this.#from + index]
  }

  key(index: number): string {
    const at = this.#from + index
    return recurringText(this.#segment.buffer, this.#segment.keyStarts[at], this.#segment.valueStarts[at])
  }

  keyBytes(index: number): Buffer | null {
    const { buffer, keyStarts, valueStarts, marks } = this.#segment
    const at = this.#from + index
    return marks[at] & 1 ? null : buffer.subarray(keyStarts[at], valueStarts[at])
  }

  value(index: number): Buffer | null {
    const { buffer, valueStarts, valueEnds, marks } = this.#segment
    const at = this.#from + index
    return marks[at] & 2 ? null : buffer.subarray(valueStarts[at], valueEnds[at])
  }

  headers(index: number): Headers | undefined {
    const { valueEnds, marks } = this.#segment
    const at = this.#from + index
    return marks[at] & 4 ? this.#segment.headersAt(valueEnds[at]) : undefined
  }
}

function skipHeaders(input: ByteReader): void {
  for (let left = input.varint() * 2; left > 0; left--) {
    const length = input.varint()
    input.position += length
  }
}

function i64(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at) * 4294967296 + buffer.readUInt32BE(at + 4)
}
