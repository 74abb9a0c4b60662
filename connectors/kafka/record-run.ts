import { decodeText } from '../../engine/bytes.ts'
import type { RecordBatch, TopicPartition } from '../../engine/log/log.ts'
import type { Headers } from '../../engine/record.ts'
import { recurringText } from '../../engine/recurring-text.ts'

/** Columns per record in `#places`: where key, value and headers are in the buffer. -1 = null, for headers: none. */
const keyAt = 0
const keyBytes = 1
const valueAt = 2
const valueBytes = 3
const headersAt = 4
const endAt = 5
const columns = 6

export interface RecordSpan {
  start: number
  end: number
  count: number
  baseOffset: number
  lastOffset: number
  fromOffset: number
  baseTimestamp: number
  appendTime: number | undefined
}

/** Visible records over one buffer, in offset order, as columns: no object per record. */
export class RecordRun {
  readonly topic: string
  readonly partition: number
  readonly buffer: Buffer
  count = 0
  nextOffset = 0
  #offsets = new Float64Array(0)
  #timestamps = new Float64Array(0)
  #places = new Int32Array(0)
  #at = 0

  constructor({ topic, partition }: TopicPartition, buffer: Buffer) {
    this.topic = topic
    this.partition = partition
    this.buffer = buffer
  }

  /** The offset behind the last batch seen, markers and gaps included. */
  reaches(offset: number): void {
    this.nextOffset = offset
  }

  /** Adds the records of one batch; false if they are not what their lengths say. */
  decode(span: RecordSpan): boolean {
    this.#makeRoom(span.count)
    this.#at = span.start
    let expected = span.baseOffset
    for (let i = 0; i < span.count; i++) {
      const length = this.#varint()
      const end = this.#at + length
      if (!(length > 0 && end <= span.end)) return false
      this.#at++
      const timestamp = span.baseTimestamp + this.#varint()
      const offset = span.baseOffset + this.#varint()
      if (!(offset >= expected && offset <= span.lastOffset)) return false
      if (!this.#place(end)) return false
      expected = offset + 1
      if (offset < span.fromOffset) continue
      this.#offsets[this.count] = offset
      this.#timestamps[this.count] = span.appendTime ?? timestamp
      this.count++
    }
    return this.#at === span.end
  }

  /** Key, value and headers of the record that ends at `end`; the cursor is there afterwards. */
  #place(end: number): boolean {
    const places = this.#places
    const row = this.count * columns
    const keyLength = this.#varint()
    places[row + keyAt] = this.#at
    places[row + keyBytes] = keyLength
    if (keyLength > 0) this.#at += keyLength
    const valueLength = this.#varint()
    places[row + valueAt] = this.#at
    places[row + valueBytes] = valueLength
    if (valueLength > 0) this.#at += valueLength
    if (!(keyLength >= -1 && valueLength >= -1 && this.#at < end)) return false
    const isBare = this.buffer[this.#at] === 0
    places[row + headersAt] = isBare ? -1 : this.#at
    places[row + endAt] = end
    if (isBare) return this.#at + 1 === end && this.#moveTo(end)
    return this.#skipHeaders(end)
  }

  #skipHeaders(end: number): boolean {
    const count = this.#varint()
    if (!(count >= 0 && count <= end - this.#at)) return false
    for (let i = 0; i < count; i++) {
      const name = this.#varint()
      if (!(name >= 0)) return false
      this.#at += name
      const text = this.#varint()
      if (!(text >= -1)) return false
      if (text > 0) this.#at += text
      if (this.#at > end) return false
    }
    return this.#at === end
  }

  #moveTo(at: number): true {
    this.#at = at
    return true
  }

  /** Zig-zag, at most ten bytes; NaN behind the end of the buffer, which no check accepts. */
  #varint(): number {
    const buffer = this.buffer
    let byte = buffer[this.#at++]
    if (byte < 128) return (byte >>> 1) ^ -(byte & 1)
    let value = byte & 127
    let scale = 128
    for (let i = 0; i < 9; i++) {
      byte = buffer[this.#at++]
      value += (byte & 127) * scale
      if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
      scale *= 128
    }
    return Number.NaN
  }

  #makeRoom(more: number): void {
    const needed = this.count + more
    if (needed <= this.#offsets.length) return
    const size = Math.max(needed, this.#offsets.length * 2)
    const [offsets, timestamps, places] = [this.#offsets, this.#timestamps, this.#places]
    this.#offsets = new Float64Array(size)
    this.#offsets.set(offsets)
    this.#timestamps = new Float64Array(size)
    this.#timestamps.set(timestamps)
    this.#places = new Int32Array(size * columns)
    this.#places.set(places)
  }

  offset(index: number): number {
    return this.#offsets[index]
  }

  timestamp(index: number): number {
    return this.#timestamps[index]
  }

  keyBytes(index: number): Buffer | null {
    return this.#slice(index * columns + keyAt)
  }

  value(index: number): Buffer | null {
    return this.#slice(index * columns + valueAt)
  }

  key(index: number): string {
    const at = this.#places[index * columns + keyAt]
    const length = this.#places[index * columns + keyBytes]
    return length <= 0 ? '' : recurringText(this.buffer, at, at + length)
  }

  headers(index: number): Headers | undefined {
    const at = this.#places[index * columns + headersAt]
    if (at < 0) return undefined
    const headers: Record<string, string> = {}
    this.#at = at
    for (let left = this.#varint(); left > 0; left--) {
      const name = this.#text(this.#varint())
      headers[name] = this.#text(this.#varint())
    }
    return headers
  }

  /** Bytes of a record on the wire, without what is in front of its key. */
  size(index: number): number {
    return this.#places[index * columns + endAt] - this.#places[index * columns + keyAt]
  }

  #slice(column: number): Buffer | null {
    const length = this.#places[column + 1]
    const at = this.#places[column]
    return length < 0 ? null : this.buffer.subarray(at, at + length)
  }

  #text(length: number): string {
    if (length <= 0) return ''
    this.#at += length
    return decodeText(this.buffer, this.#at - length, this.#at)
  }
}

/** A part of a run, as the engine reads it. */
export class RecordView implements RecordBatch {
  readonly topic: string
  readonly partition: number
  readonly count: number
  readonly nextOffset: number
  readonly bytes: number
  #run: RecordRun
  #first: number

  constructor(run: RecordRun, part: { first: number; count: number; nextOffset: number; bytes: number }) {
    this.topic = run.topic
    this.partition = run.partition
    this.#run = run
    this.#first = part.first
    this.count = part.count
    this.nextOffset = part.nextOffset
    this.bytes = part.bytes
  }

  offset(index: number): number {
    return this.#run.offset(this.#first + index)
  }

  timestamp(index: number): number {
    return this.#run.timestamp(this.#first + index)
  }

  key(index: number): string {
    return this.#run.key(this.#first + index)
  }

  keyBytes(index: number): Buffer | null {
    return this.#run.keyBytes(this.#first + index)
  }

  value(index: number): Buffer | null {
    return this.#run.value(this.#first + index)
  }

  headers(index: number): Headers | undefined {
    return this.#run.headers(this.#first + index)
  }
}
