/**
 * Ordered bytes with atomic batches: what the engine and the embedded log need of a storage engine, and no more.
 * Synchronous on purpose: a unit of work reads everything it needs in one `getMany` and then never waits.
 *
 * Keys sort by byte and have at least two of them; those that begin with two zero bytes belong to the log
 * (log/commit-chain.ts), in every column.
 */
export type Column = 'meta' | 'log' | 'state' | 'views'
export const columns: readonly Column[] = ['meta', 'log', 'state', 'views']

export interface Range {
  gte: Uint8Array
  lt: Uint8Array
  /** At most so many rows; default 1,000. */
  limit?: number
  /** Stops behind the row that reaches so many bytes of keys and values: at least one row comes back. */
  bytesMax?: number
  reverse?: boolean
}

/** Written once. Keys and values are copied by `put`: the caller may reuse its buffers at once. */
export interface WriteBatch {
  put(column: Column, key: Uint8Array, value: Uint8Array): void
  delete(column: Column, key: Uint8Array): void
  readonly count: number
  /** Keys and values put so far. */
  readonly bytes: number
  /** Columns with at least one put or delete. */
  touched(column: Column): boolean
}

/** Reading only; safe from a second thread over the same database. */
export interface StoreReader {
  /** One answer per key, `undefined` where there is none. Values are valid for good (copied or immutable). */
  getMany(column: Column, keys: readonly Uint8Array[]): (Buffer | undefined)[]
  range(column: Column, range: Range): [key: Buffer, value: Buffer][]
}

export interface StateStore extends StoreReader {
  batch(): WriteBatch
  /** All of the batch or nothing, visible at once to every reader. `sync` also waits until it is on the disk. */
  write(batch: WriteBatch, options?: { sync?: boolean }): void
  /** Deletes every row of the range; not atomic with anything. */
  clear(column: Column, range: { gte: Uint8Array; lt: Uint8Array }): void
  bytesOnDisk(): number
  close(): Promise<void>
}
