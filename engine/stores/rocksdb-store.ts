import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import binding, { type Batch, type ColumnFamily, type Columns, type Database } from '@nxtedition/rocksdb/binding.js'
import { translated } from './rocksdb-errors.ts'
import { type Column, columns, type Range, type StateStore, type StoreReader, type WriteBatch } from './state-store.ts'

const mebibyte = 1 << 20
const rowsDefault = 1000
const rowsPerCall = 1000
/** The binding takes 32 bits, signed. */
const unlimited = 0x7fffffff

/** How the memory of a database is shared out, in parts of 100; memtables reach 1.5 times their budget before writes wait. */
const shares: Record<Column, { memtables: number; cache: number }> = {
  meta: { memtables: 2, cache: 2 },
  log: { memtables: 12, cache: 4 },
  state: { memtables: 28, cache: 18 },
  views: { memtables: 18, cache: 16 }
}
/** Read mostly by single keys, often by keys that are not there: these get a filter over the memtables too. */
const lookedUp: ReadonlySet<Column> = new Set<Column>(['state', 'views'])
const memoryMbDefault = 96
export const memoryMbMin = 16

export interface RocksOptions {
  /** Bound of memtables and block caches together, all columns; default 96. What indexes need is inside the caches. */
  memoryMb?: number
  createIfMissing?: boolean
  /** What errors call the directory; default: its path. */
  shownAs?: string
}

interface Opened {
  database: Database
  families: Columns
  directory: string
}

type Reading = { column: ColumnFamily; fillCache: boolean }

/** Reads a database that this or another thread of the process has open. Must not be used once the opener has closed it. */
export class RocksReader implements StoreReader {
  protected readonly database: Database
  protected readonly directory: string
  protected readonly reading: Record<Column, Reading>

  constructor({ database, families, directory }: Opened) {
    this.database = database
    this.directory = directory
    const options = columns.map(column => [column, { column: families[column], fillCache: column !== 'log' }])
    this.reading = Object.fromEntries(options) as Record<Column, Reading>
  }

  static attach(handle: bigint, directory = 'of this process'): RocksReader {
    return new RocksReader(attached(handle, directory))
  }

  getMany(column: Column, keys: readonly Uint8Array[]): (Buffer | undefined)[] {
    try {
      return binding.db_get_many_sync(this.database, keys, this.reading[column])
    } catch (error) {
      throw translated(error, this.directory, 'read')
    }
  }

  range(column: Column, { gte, lt, limit = rowsDefault, bytesMax, reverse = false }: Range): [Buffer, Buffer][] {
    if (limit < 1 || Buffer.compare(gte, lt) >= 0) return []
    const found: [Buffer, Buffer][] = []
    try {
      const iterator = binding.iterator_init(this.database, {
        ...this.reading[column],
        keyEncoding: 'buffer',
        valueEncoding: 'buffer',
        gte,
        lt,
        limit: Math.min(limit, unlimited),
        reverse,
        highWaterMarkBytes: bytesMax === undefined ? unlimited : Math.max(0, Math.min(bytesMax, unlimited) - 1)
      })
      try {
        for (let isFinished = false; !isFinished; ) {
          const { rows, finished } = binding.iterator_nextv_sync(iterator, Math.min(limit, rowsPerCall))
          for (let i = 0; i < rows.length; i += 2) found.push([rows[i], rows[i + 1]])
          isFinished = finished || found.length >= limit || bytesMax !== undefined
        }
      } finally {
        binding.iterator_close(iterator)
      }
    } catch (error) {
      throw translated(error, this.directory, 'read')
    }
    return found
  }
}

/**
 * A `StateStore` over RocksDB: four column families, one writing thread. The thread that opened the directory closes it,
 * last; other threads of the process `attach` to its `handle`, and must be done before.
 */
export class RocksStore extends RocksReader implements StateStore {
  #isOwner: boolean
  #spare: Batch | null = null

  constructor(opened: Opened, isOwner: boolean) {
    super(opened)
    this.#isOwner = isOwner
  }

  static async open(directory: string, options: RocksOptions = {}): Promise<RocksStore> {
    const { memoryMb = memoryMbDefault, createIfMissing = true, shownAs = directory } = options
    if (createIfMissing) mkdirSync(directory, { recursive: true })
    const database = binding.db_init(directory)
    const { promise, resolve, reject } = Promise.withResolvers<Columns>()
    binding.db_open(
      database,
      {
        createIfMissing,
        walCompression: false,
        columns: { default: tuned(mebibyte / 4, mebibyte / 8), ...sharedOut(memoryMb) }
      },
      (error, families) => (error ? reject(translated(error, shownAs, 'open')) : resolve(families))
    )
    return new RocksStore({ database, families: await promise, directory: shownAs }, true)
  }

  /** The same database from another thread of this process. */
  static override attach(handle: bigint, directory = 'of this process'): RocksStore {
    return new RocksStore(attached(handle, directory), false)
  }

  /** A pointer that `attach` takes in another thread. */
  get handle(): bigint {
    return binding.db_get_handle(this.database)
  }

  batch(): WriteBatch {
    const native = this.#spare ?? binding.batch_init()
    this.#spare = null
    return new RocksBatch(native, this.reading)
  }

  write(batch: WriteBatch, options: { sync?: boolean } = {}): void {
    const { native } = batch as RocksBatch
    try {
      binding.batch_write(this.database, native, { sync: options.sync === true })
    } catch (error) {
      throw translated(error, this.directory, 'write')
    }
    // Its memory is native and unseen by the collector: one batch serves all units.
    binding.batch_clear(native)
    this.#spare = native
  }

  clear(column: Column, { gte, lt }: { gte: Uint8Array; lt: Uint8Array }): void {
    try {
      binding.db_clear(this.database, { column: this.reading[column].column, gte, lt })
    } catch (error) {
      throw translated(error, this.directory, 'write')
    }
  }

  bytesOnDisk(): number {
    const folder = binding.db_get_location(this.database)
    // Files come and go while we look.
    const sizes = readdirSync(folder).map(file => statSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0)
    return sizes.reduce((sum, size) => sum + size, 0)
  }

  async close(): Promise<void> {
    if (!this.#isOwner) return
    this.#isOwner = false
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    binding.db_close(this.database, error => (error ? reject(translated(error, this.directory, 'close')) : resolve()))
    await promise
  }
}

class RocksBatch implements WriteBatch {
  readonly native: Batch
  readonly #columns: Record<Column, Reading>
  #touched = new Set<Column>()
  count = 0
  bytes = 0

  constructor(native: Batch, columns: Record<Column, Reading>) {
    this.native = native
    this.#columns = columns
  }

  touched(column: Column): boolean {
    return this.#touched.has(column)
  }

  put(column: Column, key: Uint8Array, value: Uint8Array): void {
    binding.batch_put(this.native, key, value, this.#columns[column])
    this.#touched.add(column)
    this.count++
    this.bytes += key.length + value.length
  }

  delete(column: Column, key: Uint8Array): void {
    binding.batch_del(this.native, key, this.#columns[column])
    this.#touched.add(column)
    this.count++
    this.bytes += key.length
  }
}

function attached(handle: bigint, directory: string): Opened {
  const database = binding.db_init(handle)
  const families = binding.db_open(database, {}, () => undefined)
  if (!families) throw translated({ message: 'the handle is not open' }, directory, 'open')
  return { database, families, directory }
}

function sharedOut(memoryMb: number) {
  const part = (Math.max(memoryMb, memoryMbMin) * mebibyte) / 100
  return Object.fromEntries(
    columns.map(column => {
      const { memtables, cache } = shares[column]
      const options = tuned((memtables * part) / 1.5, cache * part)
      return [column, lookedUp.has(column) ? { ...options, optimize: 'point-lookup' as const } : options]
    })
  )
}

function tuned(memtableBytes: number, cacheBytes: number) {
  return {
    // State is overwritten all day: merged by size, a row is rewritten a few times on its way; level by level it cost ten
    // times the CPU. Files take up to three times what lives in them, and twice that while all are merged.
    compaction: 'universal' as const,
    // The larger files are compressed all the same (zstd); this would train a dictionary for each of them, which cost as
    // much as everything else together.
    compression: false,
    memtableMemoryBudget: Math.floor(memtableBytes),
    cacheSize: Math.floor(cacheBytes),
    cacheIndexAndFilterBlocks: true
  }
}
