import type { TableHandle, ValueHandle } from '../processor.ts'
import type { Entry } from './entry.ts'
import type { StoreCache } from './store-cache.ts'

/** Called when a key with a TTL comes into being, so that its expiry can be scheduled. */
export type OnCreated = (key: string, timestamp: number) => void

/**
 * A state handle is bound to the key of the record being processed; the same object serves all keys of a task, one after
 * the other. A TTL hides what is older than it by the record's own time.
 */
abstract class BoundHandle {
  protected readonly cache: StoreCache
  protected readonly ttlMs: number
  readonly #onCreated: OnCreated | null
  #key = ''
  protected now = 0
  #entry: Entry | null = null

  constructor(cache: StoreCache, onCreated: OnCreated | null) {
    this.cache = cache
    this.ttlMs = cache.spec.ttlMs ?? Number.POSITIVE_INFINITY
    this.#onCreated = onCreated
  }

  bind(key: string, timestamp: number): void {
    this.#key = key
    this.now = timestamp
    this.#entry = null
  }

  protected get entry(): Entry {
    this.#entry ??= this.cache.lookup(this.#key)
    return this.#entry
  }

  protected isExpired(entry: Entry): boolean {
    return entry.touched + this.ttlMs < this.now
  }

  protected changed(entry: Entry): void {
    if (this.#onCreated && entry.touched === Number.NEGATIVE_INFINITY) this.#onCreated(entry.key, this.now)
    if (this.now > entry.touched) entry.touched = this.now
    if (!entry.isDirty) this.cache.markDirty(entry)
  }
}

export class BoundValue<T> extends BoundHandle implements ValueHandle<T> {
  get(): T | undefined {
    const entry = this.entry
    return this.isExpired(entry) ? undefined : entry.value
  }

  set(value: T): void {
    const entry = this.entry
    entry.value = value
    this.changed(entry)
  }

  delete(): void {
    const entry = this.entry
    if (entry.value === undefined) return
    entry.value = undefined
    entry.touched = Number.NEGATIVE_INFINITY
    if (!entry.isDirty) this.cache.markDirty(entry)
  }
}

export class BoundTable<T> extends BoundHandle implements TableHandle<T> {
  readonly #isRows: boolean

  constructor(cache: StoreCache, onCreated: OnCreated | null) {
    super(cache, onCreated)
    this.#isRows = cache.spec.kind === 'table' && cache.spec.layout === 'rows'
  }

  get size(): number {
    return this.#rows().size
  }

  get(row: string): T | undefined {
    return this.#rows().get(row)
  }

  set(row: string, value: T): void {
    const entry = this.entry
    if (this.isExpired(entry)) this.#clear(entry)
    entry.value.set(row, value)
    this.#changedRow(entry, row)
    this.changed(entry)
  }

  delete(row: string): void {
    const entry = this.entry
    if (!this.#rows().has(row)) return
    entry.value.delete(row)
    this.#changedRow(entry, row)
    if (!entry.isDirty) this.cache.markDirty(entry)
  }

  entries(): Iterable<[string, T]> {
    return this.#rows().entries()
  }

  clear(): void {
    const entry = this.entry
    if (entry.value.size === 0) return
    this.#clear(entry)
    if (!entry.isDirty) this.cache.markDirty(entry)
  }

  #rows(): Map<string, T> {
    const entry = this.entry
    return this.isExpired(entry) ? emptyRows : entry.value
  }

  #clear(entry: Entry): void {
    for (const row of entry.value.keys()) this.#changedRow(entry, row)
    entry.value.clear()
    entry.touched = Number.NEGATIVE_INFINITY
  }

  #changedRow(entry: Entry, row: string): void {
    if (!this.#isRows) return
    entry.changedRows ??= new Set()
    entry.changedRows.add(row)
  }
}

/** Never written to: a change first clears the expired rows themselves. */
const emptyRows = new Map<string, any>()
