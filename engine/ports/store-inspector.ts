/** Looking into state from outside, as plain JSON: what the commands and the admin port offer. */
export interface StoreInfo {
  /** `<topology>.v<N>.<step>.<state>`, `….timers`, or the name of a view. */
  store: string
  kind: 'value' | 'table' | 'timers' | 'view' | 'unknown'
  /** How two runs may differ (docs/views.md); null where no topology of this release has the store. */
  class: 'exact' | 'order' | 'tolerance' | null
  tolerance: number | null
}

export interface StoredEntry {
  key: string
  /** null for views. */
  partition: number | null
  /** JSON; an object by row for tables. */
  value: unknown
  /** RFC 3339: the newest record that set it, where the store forgets. */
  touched?: string
}

export interface StoreDigest {
  store: string
  class: 'exact' | 'order' | 'tolerance'
  keys: number
  /** sha256 in hex of the logical content, whatever the layout, the partitions and the order of insertion. */
  digest: string
  note?: string
}

export interface Verified {
  /** A topic, a store or a view. */
  name: string
  what: 'topic' | 'store' | 'view'
  /** Records, keys or rows read. */
  read: number
  /** One sentence each, at most 20. */
  problems: string[]
  problemsTotal: number
}

/**
 * Generators yield often, so that whoever shares the thread with something else can go on later; see `inSlices`. Entries
 * that are past their time to live do not exist.
 */
export interface StoreInspector {
  stores(): StoreInfo[]
  /** Keys and bytes of keys and values, counted. */
  size(store: string): Generator<void, { keys: number; bytes: number }>
  get(store: string, key: string): StoredEntry | null
  /** In the order of keys. */
  scan(store: string, prefix: string): Generator<StoredEntry>
  /** Of one store or view, or of all that this release knows. */
  digest(store?: string): Generator<void, StoreDigest[]>
  verify(): Generator<void, Verified[]>
}

/** Runs a generator to its end and gives others a turn every few milliseconds. */
export async function inSlices<R>(generator: Generator<unknown, R>, sliceMs = 4): Promise<R> {
  let until = performance.now() + sliceMs
  for (;;) {
    const step = generator.next()
    if (step.done) return step.value
    if (performance.now() < until) continue
    await new Promise(resolve => setImmediate(resolve))
    until = performance.now() + sliceMs
  }
}
