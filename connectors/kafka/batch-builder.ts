import { crc32c } from '@platformatic/kafka'
import { poison } from '../../engine/errors.ts'
import type { Headers } from '../../engine/record.ts'
import * as layout from './batch-layout.ts'
import { type Compression, compress, compressions } from './compression.ts'

/** Who writes; a producer id of -1 is nobody in particular (KIP-98). */
export interface Stamp {
  producerId: bigint
  producerEpoch: number
  /** Of the first record. */
  sequence: number
  isTransactional: boolean
}

export const anonymous: Stamp = { producerId: -1n, producerEpoch: -1, sequence: -1, isTransactional: false }

/** Varints of lengths and deltas of one record, its own length included, and its attributes. */
const recordOverheadMax = 42

/** What a buffer grows to for batches of the usual size; it doubles beyond only for a record that needs it. */
export const usualBytesMax = 1 << 20

/** Writes one record batch front to back into one buffer, which is reused after `reset`. */
export class BatchBuilder {
  #buffer: Buffer
  #at = layout.headerBytes
  #first = 0
  #largest = 0
  count = 0

  constructor(capacity = 16 * 1024) {
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(capacity, layout.headerBytes))
  }

  /** Of the batch, uncompressed. */
  get bytes(): number {
    return this.#at
  }

  get capacity(): number {
    return this.#buffer.length
  }

  reset(): this {
    this.#at = layout.headerBytes
    this.count = 0
    return this
  }

  /** Adds a record unless the batch would grow beyond `batchBytesMax`; says whether it did. */
  add(record: EncodableRecord, batchBytesMax = Number.MAX_SAFE_INTEGER): boolean {
    const { key, value, timestamp, headers } = record
    if (this.count === 0) this.#begin(timestamp)
    const delta = timestamp - this.#first
    const keyBytes = key === null ? -1 : typeof key === 'string' ? textBytes(key) : key.length
    const valueBytes = value === null ? -1 : value.length
    const names = headers ? Object.keys(headers) : none
    const body =
      1 +
      varintBytes(delta) +
      varintBytes(this.count) +
      varintBytes(keyBytes) +
      Math.max(keyBytes, 0) +
      varintBytes(valueBytes) +
      Math.max(valueBytes, 0) +
      (names.length === 0 ? 1 : headerListBytes(names, headers as Headers))
    if (this.#at + body + 5 > batchBytesMax) return false
    this.#makeRoom(body + recordOverheadMax)
    this.#varint(body)
    this.#buffer[this.#at++] = 0
    this.#varint(delta)
    this.#varint(this.count)
    this.#varint(keyBytes)
    if (key !== null) this.#bytes(key, keyBytes)
    this.#varint(valueBytes)
    if (value !== null) this.#bytes(value, valueBytes)
    this.#varint(names.length)
    for (const name of names) this.#header(name, (headers as Headers)[name])
    if (timestamp > this.#largest) this.#largest = timestamp
    this.count++
    return true
  }

  /** The finished batch: a view of the buffer, or a compressed copy. */
  finish(stamp: Stamp, compression: Compression = 'none'): Buffer {
    let batch = this.#buffer.subarray(0, this.#at)
    if (compression !== 'none') {
      const folded = compress(compression, batch.subarray(layout.headerBytes))
      batch = Buffer.concat([batch.subarray(0, layout.headerBytes), folded])
    }
    batch.writeBigInt64BE(0n, 0)
    batch.writeInt32BE(batch.length - layout.overheadBytes, layout.lengthAt)
    batch.writeInt32BE(-1, layout.leaderEpochAt)
    batch[layout.magicAt] = layout.magic
    const attributes = compressions.indexOf(compression) | (stamp.isTransactional ? layout.transactionalBit : 0)
    batch.writeInt16BE(attributes, layout.attributesAt)
    batch.writeInt32BE(this.count - 1, layout.lastOffsetDeltaAt)
    batch.writeBigInt64BE(BigInt(this.#first), layout.baseTimestampAt)
    batch.writeBigInt64BE(BigInt(this.#largest), layout.maxTimestampAt)
    batch.writeBigInt64BE(stamp.producerId, layout.producerIdAt)
    batch.writeInt16BE(stamp.producerEpoch, layout.producerEpochAt)
    batch.writeInt32BE(stamp.sequence, layout.baseSequenceAt)
    batch.writeInt32BE(this.count, layout.countAt)
    batch.writeUInt32BE(crc32c(batch.subarray(layout.attributesAt)), layout.crcAt)
    return batch
  }

  #begin(timestamp: number): void {
    if (!Number.isSafeInteger(timestamp) || timestamp < 0) {
      // Kafka keeps none before 1970 (KIP-32).
      throw poison(
        'timestamp_invalid',
        `A record has the timestamp ${timestamp}: it must be whole milliseconds since 1970.`
      )
    }
    this.#first = this.#largest = timestamp
  }

  #makeRoom(bytes: number): void {
    const needed = this.#at + bytes
    if (needed <= this.#buffer.length) return
    const doubled = Math.max(needed, this.#buffer.length * 2)
    const grown = Buffer.allocUnsafeSlow(needed <= usualBytesMax ? Math.min(doubled, usualBytesMax) : doubled)
    this.#buffer.copy(grown, 0, 0, this.#at)
    this.#buffer = grown
  }

  #varint(value: number): void {
    const buffer = this.#buffer
    let at = this.#at
    let rest = value >= 0 ? value * 2 : -value * 2 - 1
    while (rest > 127) {
      buffer[at++] = (rest % 128) | 128
      rest = rest < 2147483648 ? rest >>> 7 : Math.floor(rest / 128)
    }
    buffer[at++] = rest
    this.#at = at
  }

  #bytes(value: string | Buffer, bytes: number): void {
    const buffer = this.#buffer
    const at = this.#at
    this.#at += bytes
    if (typeof value !== 'string') {
      buffer.set(value, at)
    } else if (bytes === value.length && bytes < 64) {
      for (let i = 0; i < bytes; i++) buffer[at + i] = value.charCodeAt(i)
    } else {
      buffer.utf8Write(value, at)
    }
  }

  #header(name: string, text: string): void {
    const nameBytes = Buffer.byteLength(name)
    this.#varint(nameBytes)
    this.#bytes(name, nameBytes)
    const textBytes = Buffer.byteLength(text)
    this.#varint(textBytes)
    this.#bytes(text, textBytes)
  }
}

/** As `NewRecord` of the log. */
export interface EncodableRecord {
  key: string | Buffer | null
  value: Buffer | null
  timestamp: number
  headers?: Headers
}

/** A batch of this one record: what the topic's `max.message.bytes` is compared with. */
export function loneBatchBytes({ key, value, headers }: EncodableRecord): number {
  const keyBytes = key === null ? 0 : typeof key === 'string' ? Buffer.byteLength(key) : key.length
  const headerBytes = headers ? headerListBytes(Object.keys(headers), headers) : 1
  return layout.headerBytes + 25 + keyBytes + (value?.length ?? 0) + headerBytes
}

const none: readonly string[] = []

function textBytes(text: string): number {
  if (text.length >= 64) return Buffer.byteLength(text)
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return Buffer.byteLength(text)
  return text.length
}

function headerListBytes(names: readonly string[], headers: Headers): number {
  let bytes = varintBytes(names.length)
  for (const name of names) {
    const nameBytes = Buffer.byteLength(name)
    const textBytes = Buffer.byteLength(headers[name])
    bytes += varintBytes(nameBytes) + nameBytes + varintBytes(textBytes) + textBytes
  }
  return bytes
}

/** Zig-zag. */
function varintBytes(value: number): number {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1
  let bytes = 1
  while (rest > 127) {
    rest = rest < 2147483648 ? rest >>> 7 : Math.floor(rest / 128)
    bytes++
  }
  return bytes
}
