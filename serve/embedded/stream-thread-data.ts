/** What the main thread tells the stream thread at its start. */
export interface StreamThreadData {
  directory: string
  /** Of the database that main has open. */
  handle: bigint
  partitions: number
  namespace: string
  fsyncIntervalMs: number
  commitIntervalMs: number
  catchUpIntervalMs: number
  /** Decoded state in memory. */
  cacheMb: number
  purchaseSource: 'orders' | 'events'
  /** Users and sessions whose traffic counts for nobody else. */
  excludedIds: readonly string[]
  /** Only for tests: kill the process at this point of a commit. */
  fault?: { point: string; nth: number }
}
