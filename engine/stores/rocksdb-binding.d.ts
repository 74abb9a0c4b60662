/** The part of the binding's native interface that we use. Pinned to 12.2.12: it promises nothing between versions. */
declare module '@nxtedition/rocksdb/binding.js' {
  export interface Database {
    readonly isDatabase: unique symbol
  }
  export interface Batch {
    readonly isBatch: unique symbol
  }
  export interface Iterator {
    readonly isIterator: unique symbol
  }
  export interface ColumnFamily {
    readonly isColumnFamily: unique symbol
  }

  interface ColumnOptions {
    compaction?: 'level' | 'universal'
    compression?: boolean
    memtableMemoryBudget?: number
    cacheSize?: number
    cacheIndexAndFilterBlocks?: boolean
    optimize?: 'point-lookup'
  }
  interface OpenOptions {
    createIfMissing?: boolean
    walCompression?: boolean
    parallelism?: number
    columns?: Record<string, ColumnOptions>
  }
  interface IteratorOptions {
    column: ColumnFamily
    keyEncoding: 'buffer'
    valueEncoding: 'buffer'
    gte: Uint8Array
    lt: Uint8Array
    limit: number
    reverse: boolean
    fillCache: boolean
    highWaterMarkBytes: number
  }
  export type Columns = Record<string, ColumnFamily>

  const binding: {
    db_init(location: string | bigint): Database
    /** Calls back when it opened the directory; returns the columns at once when the handle is already open. */
    db_open(
      db: Database,
      options: OpenOptions,
      done: (error: Error | null, columns: Columns) => void
    ): Columns | undefined
    db_close(db: Database, done: (error: Error | null) => void): void
    db_get_handle(db: Database): bigint
    db_get_location(db: Database): string
    db_get_many_sync(
      db: Database,
      keys: readonly Uint8Array[],
      options: { column: ColumnFamily; fillCache: boolean }
    ): (Buffer | undefined)[]
    db_clear(db: Database, options: { column: ColumnFamily; gte: Uint8Array; lt: Uint8Array }): void
    batch_init(): Batch
    batch_put(batch: Batch, key: Uint8Array, value: Uint8Array, options: { column: ColumnFamily }): void
    batch_del(batch: Batch, key: Uint8Array, options: { column: ColumnFamily }): void
    batch_clear(batch: Batch): void
    batch_write(db: Database, batch: Batch, options: { sync?: boolean }): void
    iterator_init(db: Database, options: IteratorOptions): Iterator
    iterator_nextv_sync(iterator: Iterator, count: number): { rows: Buffer[]; finished: boolean }
    iterator_close(iterator: Iterator): void
  }
  export default binding
}
