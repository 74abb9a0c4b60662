/**
 * Ordered bytes with atomic batches: what the engine and the embedded log need of a storage engine, and no more.
 * Synchronous on purpose: a unit of work reads everything it needs in one `getMany` and then never waits.
 */
export type Column = 'meta' | 'log' | 'state' | 'views'
export const columns: readonly Column[] = ['meta', 'log', 'state', 'views']

export interface Range {
  gte: Uint8Array
  lt: Uint8Array
  /** At most so many rows; default 1,000. */
  limit?: number
  reverse?: boolean
}

export interface WriteBatch {
  put(column: Column, key: Uint8Array, value: Uint8Array): void
  delete(column: Column, key: Uint8Array): void
  readonly count: number
  /** Keys and values put so far. */
  readonly bytes: number
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
