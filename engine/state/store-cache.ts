import { ByteReader, ByteWriter } from '../bytes.ts'
import { readVersioned, writeVersioned } from '../codec.ts'
import type { TableState, ValueState } from '../processor.ts'
import type { StoreReader, WriteBatch } from '../stores/state-store.ts'
import type { CacheBudget } from './cache-budget.ts'
import { Generations } from './generations.ts'

const entryOverheadBytes = 200
const newEntryBytes = 256
const defaultMemoryFactor = 3
const rowsPerRead = 1_000

/** The decoded state of one key. `value` is the value, or a Map of rows for a table; absent = undefined or an empty Map. */
export class Entry {
  readonly key: string
  value: any
  /** Event time of the newest record that set it; −∞ when absent. */
  touched: number
  bytes: number
  isDirty = false
  /** Only for tables stored as rows: what to write or delete. */
  changedRows: Set<string> | null = null

  constructor(key: string, value: any, touched: number, bytes: number) {
    this.key = key
    this.value = value
    this.touched = touched
    this.bytes = bytes
  }
}

const writer = new ByteWriter(1 << 16)
const rowWriter = new ByteWriter(1 << 12)
const keyWriter = new ByteWriter(1 << 10)

interface StoreCacheOptions {
  store: StoreReader
  storeId: number
  partition: number
  spec: ValueState<any> | TableState<any>
  budget: CacheBudget
}

/** Write-back cache of one store in one partition: decoded values in front of the storage engine. */
export class StoreCache {
  readonly spec: ValueState<any> | TableState<any>
  readonly #store: StoreReader
  readonly #storeId: number
  readonly #partition: number
  readonly #isTable: boolean
  readonly #isRows: boolean
  readonly #entries: Generations<Entry>
  readonly dirty: Entry[] = []

  constructor({ store, storeId, partition, spec, budget }: StoreCacheOptions) {
    this.#store = store
    this.#storeId = storeId
    this.#partition = partition
    this.spec = spec
    this.#entries = new Generations(budget)
    this.#isTable = spec.kind === 'table'
    this.#isRows = spec.kind === 'table' && spec.layout === 'rows'
  }

  lookup(key: string): Entry {
    return this.#entries.get(key) ?? this.#load([key])[0]
  }

  /** Loads what is missing of these keys in one read. */
  prefetch(keys: readonly string[]): void {
    let missing: string[] | undefined
    for (const key of keys) {
      if (this.#entries.get(key)) continue
      missing ??= []
      missing.push(key)
    }
    if (missing) this.#load(missing.length > 1 ? [...new Set(missing)] : missing)
  }

  markDirty(entry: Entry): void {
    entry.isDirty = true
    this.dirty.push(entry)
  }

  /** Encodes every changed entry into the batch. */
  flush(batch: WriteBatch): void {
    for (const entry of this.dirty) {
      if (this.#isRows) this.#flushRows(entry, batch)
      else this.#flushValue(entry, batch)
    }
  }

  /** The batch is durable: everything is clean, and the generations may turn. */
  settle(): void {
    for (const entry of this.dirty) {
      entry.isDirty = false
      entry.changedRows = null
    }
    this.dirty.length = 0
  }

  /** Drops what was not used for a while; only between units, when nothing is dirty. */
  turn(): void {
    this.#entries.turn()
  }

  /** Forgets everything, changed or not: the unit is aborted. */
  drop(): void {
    this.#entries.drop()
    this.dirty.length = 0
  }

  #load(keys: string[]): Entry[] {
    if (this.#isRows) return keys.map(key => this.#admit(this.#readRows(key)))
    const found = this.#store.getMany(
      'state',
      keys.map(key => Buffer.from(this.#rowKey(key)))
    )
    return keys.map((key, i) => this.#admit(this.#decode(key, found[i])))
  }

  #admit(entry: Entry): Entry {
    this.#entries.add(entry.key, entry)
    return entry
  }

  #decode(key: string, bytes: Buffer | undefined): Entry {
    if (!bytes) return new Entry(key, this.#isTable ? new Map() : undefined, Number.NEGATIVE_INFINITY, newEntryBytes)
    const input = new ByteReader(bytes)
    const touched = this.spec.ttlMs === undefined ? Number.NEGATIVE_INFINITY : input.f64()
    const value = this.#isTable ? this.#readTable(input) : readVersioned(this.spec.codec, input)
    return new Entry(key, value, touched, this.#memoryBytes(bytes.length))
  }

  #readTable(input: ByteReader): Map<string, any> {
    const rows = new Map<string, any>()
    for (let count = input.varint(); count > 0; count--) {
      const row = input.string()
      const length = input.varint()
      rows.set(
        row,
        readVersioned(this.spec.codec, new ByteReader(input.buffer, input.position, input.position + length))
      )
      input.position += length
    }
    return rows
  }

  #flushValue(entry: Entry, batch: WriteBatch): void {
    const rowKey = this.#rowKey(entry.key)
    if (this.#isTable ? entry.value.size === 0 : entry.value === undefined) {
      batch.delete('state', rowKey)
      return
    }
    writer.reset()
    if (this.spec.ttlMs !== undefined) writer.f64(entry.touched)
    if (this.#isTable) writeTable(this.spec as TableState<any>, entry.value)
    else writeVersioned(this.spec.codec, writer, entry.value)
    batch.put('state', rowKey, writer.view())
    this.#entries.resize(entry, this.#memoryBytes(writer.position))
  }

  /** Rows are stored under key, NUL, row; the time of the key (for a TTL) under key, NUL alone. */
  #flushRows(entry: Entry, batch: WriteBatch): void {
    for (const row of entry.changedRows ?? []) {
      const rowKey = this.#rowKey(entry.key, row)
      const value = entry.value.get(row)
      if (value === undefined) {
        batch.delete('state', rowKey)
        continue
      }
      writer.reset()
      if (this.spec.ttlMs !== undefined) writer.f64(entry.touched)
      writeVersioned(this.spec.codec, writer, value)
      batch.put('state', rowKey, writer.view())
    }
  }

  #readRows(key: string): Entry {
    const prefix = Buffer.from(this.#rowKey(key, ''))
    const end = Buffer.concat([prefix.subarray(0, -1), Buffer.of(1)])
    const rows = new Map<string, any>()
    let touched = Number.NEGATIVE_INFINITY
    let bytes = 0
    let from: Buffer = prefix
    for (;;) {
      const found = this.#store.range('state', { gte: from, lt: end, limit: rowsPerRead })
      for (const [rowKey, value] of found) {
        const input = new ByteReader(value)
        if (this.spec.ttlMs !== undefined) touched = Math.max(touched, input.f64())
        rows.set(rowKey.utf8Slice(prefix.length), readVersioned(this.spec.codec, input))
        bytes += value.length
      }
      if (found.length < rowsPerRead) return new Entry(key, rows, touched, this.#memoryBytes(bytes))
      from = Buffer.concat([found[found.length - 1][0], Buffer.of(0)])
    }
  }

  #memoryBytes(encoded: number): number {
    return encoded * (this.spec.codec.memoryFactor ?? defaultMemoryFactor) + entryOverheadBytes
  }

  #rowKey(key: string, row?: string): Buffer {
    keyWriter.reset().u16(this.#storeId).u16(this.#partition).text(key)
    if (row !== undefined) keyWriter.u8(0).text(row)
    return keyWriter.view()
  }
}

function writeTable(spec: TableState<any>, rows: Map<string, any>): void {
  writer.varint(rows.size)
  for (const [row, value] of rows) {
    rowWriter.reset()
    writeVersioned(spec.codec, rowWriter, value)
    writer.string(row).varint(rowWriter.position).bytes(rowWriter.view())
  }
}
