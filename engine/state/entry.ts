import type { WriteBatch } from '../stores/state-store.ts'
import type { StoredDeltas } from './delta-rows.ts'

/** What an entry takes beside its value. */
export const entryOverheadBytes = 200
const newEntryBytes = 256

/** The decoded state of one key. `value` is the value, or a Map of rows for a table; absent = undefined or an empty Map. */
export class Entry {
  readonly key: string
  value: any
  /** Event time of the newest record that set it; −∞ when absent. */
  touched: number
  bytes: number
  /** When it was last used, in turns of the cache. */
  generation = 0
  isDirty = false
  /** Only for tables stored as rows: what to write or delete. */
  changedRows: Set<string> | null = null
  /** Only for values stored with deltas. */
  stored: StoredDeltas | null = null

  constructor(key: string, value: any, touched = Number.NEGATIVE_INFINITY, bytes = newEntryBytes) {
    this.key = key
    this.value = value
    this.touched = touched
    this.bytes = bytes
  }
}

/** How the state of a key lies in the rows of column `state`. */
export interface Layout {
  /** One entry for each key, also where nothing is stored. */
  load(keys: readonly string[]): Entry[]
  /** Puts what changed into the batch, and returns what the entry takes in memory. */
  write(entry: Entry, batch: WriteBatch): number
  /** The batch is durable. */
  settle(entry: Entry): void
  /** The entry, which is stored as it is, leaves memory. */
  released?(entry: Entry): void
}
