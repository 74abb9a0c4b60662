import { ByteReader, ByteWriter } from '../bytes.ts'
import { readVersioned, writeVersioned } from '../codec.ts'
import type { TableState, ValueState } from '../processor.ts'
import type { StoreReader, WriteBatch } from '../stores/state-store.ts'
import { Entry, entryOverheadBytes, type Layout } from './entry.ts'
import type { StateKeys } from './state-keys.ts'

const defaultMemoryFactor = 3
const writer = new ByteWriter(1 << 16)
const rowWriter = new ByteWriter(1 << 12)

/** What an encoded value of so many bytes takes in memory, as its codec says. */
export function memoryBytes({ codec }: ValueState<any> | TableState<any>, encoded: number): number {
  return encoded * (codec.memoryFactor ?? defaultMemoryFactor) + entryOverheadBytes
}

/** A value, or a packed table, as one row: `[f64 touched] value`. */
export class WholeValues implements Layout {
  readonly #spec: ValueState<any> | TableState<any>
  readonly #store: StoreReader
  readonly #keys: StateKeys

  constructor(spec: ValueState<any> | TableState<any>, store: StoreReader, keys: StateKeys) {
    this.#spec = spec
    this.#store = store
    this.#keys = keys
  }

  load(keys: readonly string[]): Entry[] {
    const rowKeys = keys.map(key => Buffer.from(this.#keys.of(key)))
    const found = this.#store.getMany('state', rowKeys)
    return keys.map((key, i) => this.#decode(key, found[i]))
  }

  write({ key, value, touched, bytes }: Entry, batch: WriteBatch): number {
    const spec = this.#spec
    if (spec.kind === 'table' ? value.size === 0 : value === undefined) {
      batch.delete('state', this.#keys.of(key))
      return bytes
    }
    writer.reset()
    if (spec.ttlMs !== undefined) writer.f64(touched)
    if (spec.kind === 'table') writeTable(spec, value)
    else writeVersioned(spec.codec, writer, value)
    batch.put('state', this.#keys.of(key), writer.view())
    return memoryBytes(spec, writer.position)
  }

  settle(): void {}

  #decode(key: string, bytes: Buffer | undefined): Entry {
    const spec = this.#spec
    if (!bytes) return new Entry(key, spec.kind === 'table' ? new Map() : undefined)
    const input = new ByteReader(bytes)
    const touched = spec.ttlMs === undefined ? Number.NEGATIVE_INFINITY : input.f64()
    const value = spec.kind === 'table' ? readTable(spec, input) : readVersioned(spec.codec, input)
    return new Entry(key, value, touched, memoryBytes(spec, bytes.length))
  }
}

function readTable({ codec }: TableState<any>, input: ByteReader): Map<string, any> {
  const rows = new Map<string, any>()
  for (let count = input.varint(); count > 0; count--) {
    const row = input.string()
    const length = input.varint()
    rows.set(row, readVersioned(codec, new ByteReader(input.buffer, input.position, input.position + length)))
    input.position += length
  }
  return rows
}

function writeTable({ codec }: TableState<any>, rows: Map<string, any>): void {
  writer.varint(rows.size)
  for (const [row, value] of rows) {
    rowWriter.reset()
    writeVersioned(codec, rowWriter, value)
    writer.string(row).varint(rowWriter.position).bytes(rowWriter.view())
  }
}
