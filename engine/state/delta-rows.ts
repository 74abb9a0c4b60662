import { ByteReader, ByteWriter } from '../bytes.ts'
import { type Codec, type DeltaCodec, readVersioned, unknownVersion, writeVersioned } from '../codec.ts'
import type { ValueState } from '../processor.ts'
import type { StoreReader, WriteBatch } from '../stores/state-store.ts'
import { Entry, entryOverheadBytes, type Layout } from './entry.ts'
import type { StateKeys } from './state-keys.ts'

export type CodecWithDeltas<T> = Codec<T> & { readonly deltas: DeltaCodec<T> }

const slotsMax = 32
const slotsGrowth = 3
const deltasPerValue = 2

/** What is stored of one value. */
export class StoredDeltas {
  generation = 0
  /** Of the row that holds the value whole; 0 = there is none. */
  valueBytes = 0
  count = 0
  deltaBytes = 0
  /** Rows of deltas that exist, those of older generations included. */
  slots = 0

  hasRoomFor(bytes: number): boolean {
    return this.valueBytes > 0 && this.count < slotsMax && this.deltaBytes + bytes <= this.valueBytes * deltasPerValue
  }

  /** Returns the slot to write to. */
  added(bytes: number): number {
    this.deltaBytes += bytes
    const slot = this.count++
    if (slot === this.slots) this.slots++
    return slot
  }

  /** The value was written whole. */
  renewed(bytes: number): void {
    this.valueBytes = bytes
    this.deltaBytes = 0
    this.count = 0
  }
}

/** The generation behind a value; stores of before there were deltas have none. */
export function generationAt(input: ByteReader): number {
  return input.isAtEnd ? 0 : input.varint()
}

/** Brings a value up to date; false = the delta is of an older generation. */
export function applyDelta<T>(codec: CodecWithDeltas<T>, value: T, input: ByteReader, generation: number): boolean {
  const version = input.u8()
  if (input.varint() !== generation) return false
  if (version !== codec.version) throw unknownVersion(version, codec)
  codec.deltas.apply(value, input)
  return true
}

const none: readonly Buffer[] = []
const writer = new ByteWriter(1 << 16)

/**
 * A large value of which little changes at a time is stored whole, and behind it in up to `slotsMax` rows what has changed
 * since:
 *
 *     key           [f64 touched]  u8 codec version  value    varint generation
 *     key NUL slot  [f64 touched]  u8 codec version  varint generation  what changed
 *
 * Slots are filled in order, and again from the first one on when the value is next written whole: in a new generation, so
 * that the deltas of an older one need no deleting to be left out. Deltas together are at most `deltasPerValue` times as
 * large as the value: so much more there is to read, and on the disk.
 */
export class DeltaRows implements Layout {
  readonly #spec: ValueState<any>
  readonly #codec: CodecWithDeltas<any>
  readonly #store: StoreReader
  readonly #keys: StateKeys

  constructor(spec: ValueState<any> & { codec: CodecWithDeltas<any> }, store: StoreReader, keys: StateKeys) {
    this.#spec = spec
    this.#codec = spec.codec
    this.#store = store
    this.#keys = keys
  }

  load(keys: readonly string[]): Entry[] {
    const values = this.#store.getMany(
      'state',
      keys.map(key => Buffer.from(this.#keys.of(key)))
    )
    const deltas = this.#deltasOf(keys.filter((_, i) => values[i] !== undefined))
    return keys.map((key, i) => this.#decode(key, values[i], deltas.get(key) ?? none))
  }

  write(entry: Entry, batch: WriteBatch): number {
    const { value, bytes } = entry
    if (value === undefined) {
      this.#delete(entry, batch)
      return bytes
    }
    const { deltas } = this.#codec
    if (!this.#writeDelta(entry, batch)) this.#writeWhole(entry, batch)
    return deltas.memoryBytes(value) + entryOverheadBytes
  }

  settle({ value }: Entry): void {
    if (value !== undefined) this.#codec.deltas.stored(value)
  }

  released({ value }: Entry): void {
    if (value !== undefined) this.#codec.deltas.released?.(value)
  }

  #decode(key: string, bytes: Buffer | undefined, deltas: readonly Buffer[]): Entry {
    const codec = this.#codec
    const entry = new Entry(key, undefined)
    const stored = new StoredDeltas()
    entry.stored = stored
    if (!bytes) return entry
    const input = new ByteReader(bytes)
    entry.touched = this.#touched(input)
    entry.value = readVersioned(codec, input)
    stored.generation = generationAt(input)
    stored.renewed(bytes.length)
    for (const delta of deltas) {
      stored.slots++
      const read = new ByteReader(delta)
      const touched = this.#touched(read)
      if (!applyDelta(codec, entry.value, read, stored.generation)) continue
      entry.touched = touched
      stored.added(delta.length)
    }
    codec.deltas.stored(entry.value)
    entry.bytes = codec.deltas.memoryBytes(entry.value) + entryOverheadBytes
    return entry
  }

  /** Slots lie side by side without gaps: where all of a round are there, the next round asks for three times as many. */
  #deltasOf(keys: readonly string[]): Map<string, Buffer[]> {
    const deltas = new Map<string, Buffer[]>()
    let open = keys
    for (let from = 0, count = 1; open.length > 0 && from < slotsMax; from += count, count *= slotsGrowth) {
      const until = Math.min(from + count, slotsMax)
      const rows = open.flatMap(key => {
        return Array.from({ length: until - from }, (_, i) => Buffer.from(this.#keys.slot(key, from + i)))
      })
      const found = this.#store.getMany('state', rows)
      open = open.filter((key, i) => {
        const first = i * (until - from)
        const here = found.slice(first, first + until - from).filter(row => row !== undefined)
        if (here.length > 0) deltas.set(key, [...(deltas.get(key) ?? none), ...here])
        return here.length === until - from
      })
    }
    return deltas
  }

  /** False: it must be the whole value. */
  #writeDelta(entry: Entry, batch: WriteBatch): boolean {
    const stored = entry.stored as StoredDeltas
    const { version, deltas } = this.#codec
    this.#begin(entry).u8(version).varint(stored.generation)
    if (!deltas.write(writer, entry.value) || !stored.hasRoomFor(writer.position)) return false
    batch.put('state', this.#keys.slot(entry.key, stored.added(writer.position)), writer.view())
    return true
  }

  #writeWhole(entry: Entry, batch: WriteBatch): void {
    const stored = entry.stored as StoredDeltas
    this.#begin(entry)
    writeVersioned(this.#codec, writer, entry.value)
    writer.varint(++stored.generation)
    stored.renewed(writer.position)
    batch.put('state', this.#keys.of(entry.key), writer.view())
  }

  #delete(entry: Entry, batch: WriteBatch): void {
    const { slots } = entry.stored as StoredDeltas
    batch.delete('state', this.#keys.of(entry.key))
    for (let slot = 0; slot < slots; slot++) batch.delete('state', this.#keys.slot(entry.key, slot))
    entry.stored = new StoredDeltas()
  }

  #begin({ touched }: Entry): ByteWriter {
    writer.reset()
    return this.#spec.ttlMs === undefined ? writer : writer.f64(touched)
  }

  #touched(input: ByteReader): number {
    return this.#spec.ttlMs === undefined ? Number.NEGATIVE_INFINITY : input.f64()
  }
}
