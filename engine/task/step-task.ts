import type { CacheBudget } from '../state/cache-budget.ts'
import { BoundTable, BoundValue } from '../state/handles.ts'
import { StoreCache } from '../state/store-cache.ts'
import { type Timer, TimerQueue } from '../state/timer-queue.ts'
import type { StoreReader, WriteBatch } from '../stores/state-store.ts'
import type { StepPlan } from './plan.ts'
import { Published } from './views.ts'

export type CounterName = 'duplicates' | 'filtered'

export type StepTimes = [streamTime: number | null, historyTime: number | null, duplicates?: number]

interface StepTaskOptions {
  plan: StepPlan
  partition: number
  store: StoreReader
  storeId: (name: string) => number
  budget: CacheBudget
  count: (name: CounterName, by: number) => void
}

/** One step in one partition: its state, its timers, its stream time. */
export class StepTask {
  readonly plan: StepPlan
  readonly partition: number
  readonly caches: StoreCache[] = []
  readonly timers: TimerQueue
  readonly published: Published
  /** What `process` gets: the handles by name, `timers` and `counters`. */
  readonly handles: any
  index: any
  /** Next offset of the indexed topic that the index has not seen. */
  indexedUntil = 0
  /** Largest event time seen; −∞ before the first record. Part of the unit's state. */
  streamTime = Number.NEGATIVE_INFINITY
  /** Largest event time of the history being loaded; NaN when none is. */
  historyTime = Number.NaN
  /** Records that came twice, since the step first ran in this partition. Part of the unit's state. */
  duplicates = 0
  /** Its name; after a restart in the middle of one, until its next record, just that there is one. */
  #history = 'history'
  readonly #bound: (BoundValue<any> | BoundTable<any>)[] = []
  readonly #ttls: number[] = []
  #key = ''
  #committed = { streamTime: Number.NEGATIVE_INFINITY, historyTime: Number.NaN, duplicates: 0 }

  constructor(options: StepTaskOptions) {
    const { plan, partition, store, storeId, budget, count } = options
    this.plan = plan
    this.partition = partition
    this.timers = new TimerQueue(store, storeId(plan.timers), partition)
    this.published = new Published(budget)
    const handles: Record<string, unknown> = {
      timers: { at: (time: number) => this.timers.at({ time, kind: 0, key: this.#key }) },
      counters: {
        add: (name: CounterName, by = 1) => {
          if (name === 'duplicates') this.duplicates += by
          count(name, by)
        }
      }
    }
    plan.stores.forEach(({ name, state }, i) => {
      const spec = plan.processor.state[state]
      const cache = new StoreCache({ store, storeId: storeId(name), partition, spec, budget })
      const ttlMs = spec.ttlMs ?? Number.POSITIVE_INFINITY
      const onCreated = this.#deletesExpired(ttlMs)
        ? (key: string, time: number) => this.#expireLater(key, time, i)
        : null
      const handle = spec.kind === 'table' ? new BoundTable(cache, onCreated) : new BoundValue(cache, onCreated)
      this.caches.push(cache)
      this.#bound.push(handle)
      this.#ttls.push(ttlMs)
      handles[state] = handle
    })
    this.handles = handles
  }

  bind(key: string, timestamp: number): void {
    this.#key = key
    for (const handle of this.#bound) handle.bind(key, timestamp)
  }

  /** Up to where timers fire and expired state is deleted: behind a history load while one runs. */
  get horizon(): number {
    return Number.isNaN(this.historyTime) ? this.streamTime : this.historyTime
  }

  /** The history that is being loaded; what is made of it is history too. */
  get history(): string | undefined {
    return Number.isNaN(this.historyTime) ? undefined : this.#history
  }

  advance(timestamp: number, history: string | undefined): void {
    if (history !== undefined) {
      this.#history = history
      if (!(this.historyTime >= timestamp)) this.historyTime = timestamp
    } else if (timestamp > this.streamTime) {
      this.streamTime = timestamp
    }
  }

  endHistory(): void {
    if (this.historyTime > this.streamTime) this.streamTime = this.historyTime
    this.historyTime = Number.NaN
  }

  isLate(timestamp: number): boolean {
    const graceMs = this.plan.processor.graceMs
    return graceMs !== undefined && timestamp < this.streamTime - graceMs
  }

  /** Deletes the state that a due expiry timer names, or sets the timer to when it will really be due. */
  expire(timer: Timer): void {
    const i = timer.kind - 1
    const entry = this.caches[i].lookup(timer.key)
    if (entry.touched === Number.NEGATIVE_INFINITY) return
    const due = this.#expiryOf(entry.touched, i)
    if (due > timer.time) {
      this.timers.at({ time: due, kind: timer.kind, key: timer.key })
      return
    }
    this.bind(timer.key, Number.NEGATIVE_INFINITY)
    const handle = this.#bound[i]
    if (handle instanceof BoundTable) handle.clear()
    else handle.delete()
  }

  get isDirty(): boolean {
    return this.timers.isDirty || this.caches.some(cache => cache.dirty.length > 0)
  }

  /** Keys whose state this unit changed. */
  changedKeys(): Iterable<string> {
    if (this.caches.length === 1) return this.caches[0].dirty.map(entry => entry.key)
    return new Set(this.caches.flatMap(cache => cache.dirty.map(entry => entry.key)))
  }

  flush(batch: WriteBatch): void {
    for (const cache of this.caches) cache.flush(batch)
    this.timers.flush(batch)
  }

  settle(): void {
    for (const cache of this.caches) cache.settle()
    this.timers.settle()
    this.published.settle()
    this.#noteCommitted()
  }

  /** Drops from memory what was not used for a while; only between units. */
  dropOlderThan(generation: number): void {
    for (const cache of this.caches) cache.dropOlderThan(generation)
    this.published.dropOlderThan(generation)
  }

  abort(): void {
    for (const cache of this.caches) cache.drop()
    this.timers.drop()
    this.published.drop()
    this.streamTime = this.#committed.streamTime
    this.historyTime = this.#committed.historyTime
    this.duplicates = this.#committed.duplicates
  }

  /** Times as stored with a unit, and duplicates where there are any: what a restart goes on from. */
  get times(): StepTimes {
    const { duplicates } = this
    const [streamTime, historyTime] = [finiteOrNull(this.streamTime), finiteOrNull(this.historyTime)]
    return duplicates > 0 ? [streamTime, historyTime, duplicates] : [streamTime, historyTime]
  }

  restoreTimes([streamTime, historyTime, duplicates = 0]: StepTimes): void {
    this.streamTime = streamTime ?? Number.NEGATIVE_INFINITY
    this.historyTime = historyTime ?? Number.NaN
    this.duplicates = duplicates
    this.#noteCommitted()
  }

  #noteCommitted(): void {
    const { streamTime, historyTime, duplicates } = this
    this.#committed = { streamTime, historyTime, duplicates }
  }

  #deletesExpired(ttlMs: number): boolean {
    return Number.isFinite(ttlMs) && this.plan.processor.graceMs !== undefined
  }

  #expiryOf(touched: number, state: number): number {
    return touched + this.#ttls[state] + (this.plan.processor.graceMs ?? 0) + 1
  }

  #expireLater(key: string, timestamp: number, state: number): void {
    this.timers.at({ time: this.#expiryOf(timestamp, state), kind: state + 1, key })
  }
}

const finiteOrNull = (n: number) => (Number.isFinite(n) ? n : null)
