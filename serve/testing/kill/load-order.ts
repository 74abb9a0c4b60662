import { shiftBefore } from '../../../connectors/demo/online-retail.ts'

/** As of today, and the same for every load of a process. */
export const shiftMs = shiftBefore(Date.now())

/** What a child process is to load, as its argument. */
export interface LoadOrder {
  directory: string
  partitions: number
  rowsMax: number
  /** Whole weeks that the shop's times are moved by: into the last year, or its state would be forgotten at once. */
  shiftMs: number
  topics: string[]
  catchUpIntervalMs: number
  cacheMb: number
  /** Live clicks of as many visitors in the middle of the load, each on the same product. */
  clicks?: { count: number; productId: string }
  /** Die at this point of a commit, the nth time it is passed. */
  fault?: { point: string; nth: number }
}

/** What the directory holds in the end, as the child's last line. */
export interface Loaded {
  digests: Record<string, { class: string; keys: number; digest: string }>
  /** Views of which runs may differ a little, whole. */
  near: Record<string, { tolerance: number; entries: { key: string; value: unknown }[] }>
}
