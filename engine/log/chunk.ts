import { crc32 } from 'node:zlib'
import { ByteWriter } from '../bytes.ts'
import { poison } from '../errors.ts'
import type { Headers } from '../record.ts'
import type { NewRecord } from './log.ts'

/**
 * A chunk: records of one topic partition, as one row of the store.
 *
 *     u8 version | u32 crc32 of all that follows | u8 flags | u32 count | u32 span | i64 first timestamp | i64 largest timestamp
 *     record: [varint offset gap, if sparse]  varint (value bytes + 1, 0 = tombstone) × 2 + has headers
 *             zigzag timestamp − previous one  varint (key bytes + 1, 0 = no key)  key  value
 *             [varint headers, then name and text of each, behind varint lengths]
 *
 * `span` is the number of offsets from the first record to behind the last one. A chunk does not know its base offset,
 * which is in the row's key. Closed by compaction it is sparse: offsets stay what they were.
 */
export const chunkVersion = 1
export const headerBytes = 30
export const crcAt = 1
export const flagsAt = 5
export const countAt = 6
export const spanAt = 10
export const firstTimestampAt = 14
export const maxTimestampAt = 22
export const sparseFlag = 1

/** A chunk is closed by the record that reaches this. */
export const chunkBytesMax = 256 * 1024

/** Collects records of one topic partition, front to back; longer runs come out as several chunks. Reusable. */
export class ChunkBuilder {
  #out = new ByteWriter(4096)
  #closed: { start: number; end: number; span: number }[] = []
  #chunkBytesMax: number
  #isSparse: boolean
  #start = -1
  #count = 0
  #span = 0
  #gap = 0
  #previous = 0
  #max = 0
  /** Records added since the last reset. */
  count = 0

  constructor(options: { chunkBytesMax?: number; isSparse?: boolean } = {}) {
    this.#chunkBytesMax = options.chunkBytesMax ?? chunkBytesMax
    this.#isSparse = options.isSparse ?? false
  }

  get bytes(): number {
    return this.#out.position
  }

  reset(): this {
    this.#out.reset()
    this.#closed.length = 0
    this.#start = -1
    this.#gap = 0
    this.count = 0
    return this
  }

  add(key: string | Buffer | null, value: Buffer | null, timestamp: number, headers?: Headers): void {
    if (!Number.isSafeInteger(timestamp)) {
      throw poison(
        'timestamp_invalid',
        `A record has the timestamp ${timestamp}: it must be whole milliseconds since 1970.`
      )
    }
    const out = this.#out
    if (this.#start < 0) this.#begin(timestamp)
    if (this.#isSparse) this.#writeGap()
    out.varint((value === null ? 0 : value.length + 1) * 2 + (headers ? 1 : 0))
    out.zigzag(timestamp - this.#previous)
    this.#previous = timestamp
    if (timestamp > this.#max) this.#max = timestamp
    writeKey(out, key)
    if (value !== null) out.bytes(value)
    if (headers) writeHeaders(out, headers)
    this.#count++
    this.#span++
    this.count++
    if (out.position - this.#start >= this.#chunkBytesMax) this.#close()
  }

  /** Leaves out so many offsets before the next record (sparse chunks only). */
  skip(offsets: number): void {
    this.#gap += offsets
  }

  addRecord({ key, value, timestamp, headers }: NewRecord): void {
    this.add(key, value, timestamp, headers)
  }

  /** Hands out the finished chunks in order; the bytes are valid until the next `add` or `reset`. */
  chunks(take: (chunk: Buffer, span: number) => void): void {
    this.#close()
    for (const { start, end, span } of this.#closed) take(this.#out.buffer.subarray(start, end), span)
  }

  #writeGap(): void {
    this.#out.varint(this.#gap)
    this.#span += this.#gap
    this.#gap = 0
  }

  #begin(timestamp: number): void {
    this.#start = this.#out.reserve(headerBytes)
    this.#count = 0
    this.#span = 0
    this.#previous = timestamp
    this.#max = timestamp
    const at = this.#start
    const end = this.#out.position
    this.#out.position = at + firstTimestampAt
    this.#out.i64(timestamp)
    this.#out.position = end
  }

  #close(): void {
    if (this.#start < 0) return
    const out = this.#out
    const start = this.#start
    const end = out.position
    out.position = start + maxTimestampAt
    out.i64(this.#max)
    out.position = end
    const { buffer } = out
    buffer[start] = chunkVersion
    buffer[start + flagsAt] = this.#isSparse ? sparseFlag : 0
    buffer.writeUInt32BE(this.#count, start + countAt)
    buffer.writeUInt32BE(this.#span, start + spanAt)
    buffer.writeUInt32BE(crc32(buffer.subarray(start + flagsAt, end)), start + crcAt)
    this.#closed.push({ start, end, span: this.#span })
    this.#start = -1
  }
}

function writeKey(out: ByteWriter, key: string | Buffer | null): void {
  if (key === null) {
    out.u8(0)
  } else if (typeof key !== 'string') {
    out.varint(key.length + 1).bytes(key)
  } else if (key.length < 42) {
    const lengthAt = out.reserve(1)
    out.text(key)
    out.buffer[lengthAt] = out.position - lengthAt
  } else {
    out.varint(Buffer.byteLength(key) + 1).text(key)
  }
}

function writeHeaders(out: ByteWriter, headers: Headers): void {
  const names = Object.keys(headers)
  out.varint(names.length)
  for (const name of names) out.string(name).string(headers[name])
}

/** Bytes of a record that count against a topic's limit. */
export function recordBytes(key: string | Buffer | null, value: Buffer | null): number {
  const keyBytes = key === null ? 0 : typeof key === 'string' ? Buffer.byteLength(key) : key.length
  return keyBytes + (value === null ? 0 : value.length)
}
