/** What a child process is to load, as its argument. */
export interface LoadOrder {
  directory: string
  partitions: number
  rowsMax: number
  topics: string[]
  catchUpIntervalMs: number
  cacheMb: number
  /** Die at this point of a commit, the nth time it is passed. */
  fault?: { point: string; nth: number }
}

/** What the directory holds in the end, as the child's last line. */
export interface Loaded {
  digests: Record<string, { class: string; keys: number; digest: string }>
  /** Views of which runs may differ a little, whole. */
  near: Record<string, { tolerance: number; entries: { key: string; value: unknown }[] }>
}
