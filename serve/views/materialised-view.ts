import type { StoreReader } from '../../engine/stores/state-store.ts'
import { viewRowKey } from '../../engine/task/views.ts'
import type { ViewTopic } from '../../engine/topic.ts'

/** Of an entry: key, map slot, objects; measured at 150 to 250. */
const entryBytes = 200
/** Bytes in memory for one of a row, decoded. */
const memoryFactor = 3

export interface MaterialisedViewOptions<Row, V> {
  topic: ViewTopic<any, Row>
  store: StoreReader
  /** undefined: nobody has written this view yet. */
  viewIdOf: (view: string) => number | undefined
  /** From a row to the form that answers are made from. */
  prepare: (row: Row) => V
  /** Estimated memory of what is kept decoded. */
  cacheBytesMax: number
}

interface Entry<V> {
  value: V | null
  bytes: number
}

/**
 * A view by key: prepared values of the keys in use, the rest read from the store when asked for. A change only drops
 * what was kept, so that an answer is never older than the store, whatever order changes come in.
 *
 * Memory is bounded by `cacheBytesMax`: two generations of half of it each, the older one forgotten when the younger is
 * full. Beyond the bound every miss is one read of the store (about 10 µs).
 */
export class MaterialisedView<Row, V> {
  private readonly options: MaterialisedViewOptions<Row, V>
  private young = new Map<string, Entry<V>>()
  private old = new Map<string, Entry<V>>()
  private youngBytes = 0
  private oldBytes = 0

  constructor(options: MaterialisedViewOptions<Row, V>) {
    this.options = options
  }

  get cachedBytes(): number {
    return this.youngBytes + this.oldBytes
  }

  get(key: string): V | null {
    const entry = this.young.get(key) ?? this.revived(key)
    return entry === undefined ? this.keep(key, this.read([key])[0]) : entry.value
  }

  /** One read for all of the keys that are not at hand. */
  load(keys: readonly string[]): void {
    let missing: string[] | null = null
    for (const key of keys) {
      if (this.young.has(key) || this.revived(key) !== undefined) continue
      missing ??= []
      missing.push(key)
    }
    if (missing === null) return
    const rows = this.read(missing)
    for (let i = 0; i < missing.length; i++) this.keep(missing[i], rows[i])
  }

  /** The row as it was written; not kept. */
  row(key: string): Row | null {
    const bytes = this.read([key])[0]
    return bytes === undefined ? null : this.options.topic.value.decode(bytes)
  }

  /** The key's row has changed in the store. */
  drop(key: string): void {
    const young = this.young.get(key)
    if (young !== undefined) {
      this.young.delete(key)
      this.youngBytes -= young.bytes
      return
    }
    const old = this.old.get(key)
    if (old === undefined) return
    this.old.delete(key)
    this.oldBytes -= old.bytes
  }

  private read(keys: readonly string[]): (Buffer | undefined)[] {
    const id = this.options.viewIdOf(this.options.topic.name)
    if (id === undefined) return keys.map(() => undefined)
    return this.options.store.getMany(
      'views',
      keys.map(key => viewRowKey(id, key))
    )
  }

  private revived(key: string): Entry<V> | undefined {
    const entry = this.old.get(key)
    if (entry === undefined) return undefined
    this.old.delete(key)
    this.oldBytes -= entry.bytes
    this.add(key, entry)
    return entry
  }

  private keep(key: string, row: Buffer | undefined): V | null {
    const { topic, prepare } = this.options
    const value = row === undefined ? null : prepare(topic.value.decode(row))
    this.add(key, { value, bytes: entryBytes + memoryFactor * (row?.length ?? 0) })
    return value
  }

  private add(key: string, entry: Entry<V>): void {
    const half = this.options.cacheBytesMax / 2
    if (entry.bytes > half) return
    if (this.youngBytes + entry.bytes > half) {
      this.old = this.young
      this.oldBytes = this.youngBytes
      this.young = new Map()
      this.youngBytes = 0
    }
    this.young.set(key, entry)
    this.youngBytes += entry.bytes
  }
}
