import type { TableState, ValueState } from '../processor.ts'
import type { StoreReader, WriteBatch } from '../stores/state-store.ts'
import type { CacheBudget } from './cache-budget.ts'
import { type CodecWithDeltas, DeltaRows } from './delta-rows.ts'
import type { Entry, Layout } from './entry.ts'
import { Generations } from './generations.ts'
import { StateKeys } from './state-keys.ts'
import { TableRows } from './table-rows.ts'
import { WholeValues } from './whole-values.ts'

interface StoreCacheOptions {
  store: StoreReader
  storeId: number
  partition: number
  spec: ValueState<any> | TableState<any>
  budget: CacheBudget
}

/** Write-back cache of one store in one partition: decoded values in front of the storage engine. */
export class StoreCache {
  readonly spec: ValueState<any> | TableState<any>
  readonly #layout: Layout
  readonly #entries: Generations<Entry>
  readonly #released: ((entry: Entry) => void) | undefined
  readonly dirty: Entry[] = []

  constructor({ store, storeId, partition, spec, budget }: StoreCacheOptions) {
    this.spec = spec
    this.#layout = layoutOf(spec, store, new StateKeys(storeId, partition))
    this.#entries = new Generations(budget)
    this.#released = this.#layout.released?.bind(this.#layout)
  }

  lookup(key: string): Entry {
    return this.#entries.get(key) ?? this.#load([key])[0]
  }

  /** Loads what is missing of these keys in one read. */
  prefetch(keys: readonly string[]): void {
    let missing: string[] | undefined
    for (const key of keys) {
      if (this.#entries.get(key)) continue
      missing ??= []
      missing.push(key)
    }
    if (missing) this.#load(missing.length > 1 ? [...new Set(missing)] : missing)
  }

  markDirty(entry: Entry): void {
    entry.isDirty = true
    this.dirty.push(entry)
  }

  /** Encodes every changed entry into the batch. */
  flush(batch: WriteBatch): void {
    for (const entry of this.dirty) this.#entries.resize(entry, this.#layout.write(entry, batch))
  }

  /** The batch is durable: everything is clean, and the generations may turn. */
  settle(): void {
    for (const entry of this.dirty) {
      entry.isDirty = false
      this.#layout.settle(entry)
    }
    this.dirty.length = 0
  }

  /** Drops what was not used for a while; only between units, when nothing is dirty. */
  dropOlderThan(generation: number): void {
    this.#entries.dropOlderThan(generation, this.#released)
  }

  /** Forgets everything, changed or not: the unit is aborted. */
  drop(): void {
    this.#entries.drop()
    this.dirty.length = 0
  }

  #load(keys: readonly string[]): Entry[] {
    const entries = this.#layout.load(keys)
    for (const entry of entries) this.#entries.add(entry.key, entry)
    return entries
  }
}

function layoutOf(spec: ValueState<any> | TableState<any>, store: StoreReader, keys: StateKeys): Layout {
  if (spec.kind === 'table' && spec.layout === 'rows') return new TableRows(spec, store, keys)
  if (spec.kind === 'value' && spec.codec.deltas) {
    return new DeltaRows(spec as ValueState<any> & { codec: CodecWithDeltas<any> }, store, keys)
  }
  return new WholeValues(spec, store, keys)
}
