import { ByteWriter } from '../bytes.ts'
import { MillraceError } from '../errors.ts'
import { partitionOf } from '../log/partition-of.ts'
import { historyHeader } from '../record.ts'
import type { CacheBudget } from '../state/cache-budget.ts'
import { Generations, type Sized } from '../state/generations.ts'
import type { StoreReader, WriteBatch } from '../stores/state-store.ts'
import { checkSize, type OutputSink } from './outputs.ts'
import type { StepTask } from './step-task.ts'

/** A view value that changed with a unit of work; `null` = the key is gone. */
export interface ViewChange {
  view: string
  key: string
  value: Buffer | null
}

const keyWriter = new ByteWriter(256)

/** Row of a view in column `views`: u16 view id, key in UTF-8. */
export function viewRowKey(viewId: number, key: string): Buffer {
  return Buffer.from(rowKeyUntilNext(viewId, key))
}

/** The same, valid until the next one. */
function rowKeyUntilNext(viewId: number, key: string): Buffer {
  return keyWriter.reset().u16(viewId).text(key).view()
}

const overheadBytes = 250

/** What a task last published for a key, where that is still in memory: most keys change again soon. */
export class Published {
  readonly #known: Generations<Sized & { value: Buffer | null }>
  /** Of the unit in work. */
  #pending: [key: string, value: Buffer | null][] = []

  constructor(budget: CacheBudget) {
    this.#known = new Generations(budget)
  }

  /** `undefined` = not known here. */
  get(key: string): Buffer | null | undefined {
    return this.#known.get(key)?.value
  }

  /** Holds once the unit is settled. */
  set(key: string, value: Buffer | null): void {
    this.#pending.push([key, value])
  }

  settle(): void {
    for (const [key, value] of this.#pending) {
      const bytes = (value?.length ?? 0) + overheadBytes
      const known = this.#known.get(key)
      if (known) {
        known.value = value
        this.#known.resize(known, bytes)
      } else {
        this.#known.add(key, { value, bytes, generation: 0 })
      }
    }
    this.#pending = []
  }

  dropOlderThan(generation: number): void {
    this.#known.dropOlderThan(generation)
  }

  drop(): void {
    this.#known.drop()
    this.#pending = []
  }
}

/** A view that cannot be published: too large, or not to be computed. */
export interface RefusedView {
  topology: string
  step: string
  log: string
  partition: number
  key: string
  /** null where it did not come so far. */
  bytes: Buffer | null
  error: unknown
}

/** Writes the dead letter of a view into the unit. */
export interface ViewRefusals {
  refuse(view: RefusedView): void
}

/**
 * Publishes the view of every key whose state the unit changed, once, and only where the bytes differ from those last
 * published: freshness costs no write per event, and neither crashes nor batch sizes change what finally stands.
 */
export class ViewPublisher {
  readonly #store: StoreReader
  readonly #viewId: (name: string) => number
  readonly #refusals: ViewRefusals

  constructor(store: StoreReader, viewId: (name: string) => number, refusals: ViewRefusals) {
    this.#refusals = refusals
    this.#store = store
    this.#viewId = viewId
  }

  publish(task: StepTask, batch: WriteBatch, outputs: OutputSink, changes: ViewChange[]): void {
    const { view, processor } = task.plan
    if (!view || !processor.view) return
    const keys = [...task.changedKeys()]
    if (keys.length === 0) return
    const viewId = this.#viewId(view.topic.name)
    const timestamp = viewTimestamp(task)
    const headers = task.history === undefined ? undefined : { [historyHeader]: task.history }
    const published = this.#lastPublished(task.published, keys, viewId)
    keys.forEach((key, i) => {
      // What a TTL hides from later records is still what was last known: a view must not depend on when units end.
      task.bind(key, Number.NEGATIVE_INFINITY)
      const bytes = this.#viewOf(task, key)
      const last = published[i]
      task.published.set(key, bytes)
      if (bytes === null ? last === null : last !== null && bytes.equals(last)) return
      const rowKey = rowKeyUntilNext(viewId, key)
      if (bytes === null) batch.delete('views', rowKey)
      else batch.put('views', rowKey, bytes)
      outputs.add(view, { key, value: bytes, timestamp, headers })
      changes.push({ view: view.topic.name, key, value: bytes })
    })
  }

  /** What cannot be published is as if it were not there, and a dead letter says why: a view depends on the state alone. */
  #viewOf({ plan, handles }: StepTask, key: string): Buffer | null {
    const { topic, log, partitions } = plan.view as NonNullable<StepTask['plan']['view']>
    let bytes: Buffer | null = null
    try {
      const value = plan.processor.view?.(key, handles) ?? null
      if (value === null) return null
      bytes = topic.value.encode(value)
      checkSize(topic, key, bytes)
      return bytes
    } catch (error) {
      if (error instanceof MillraceError && error.remedy !== 'skip') throw error
      const at = { topology: plan.topology, step: plan.name, log, partition: partitionOf(key, partitions) }
      this.#refusals.refuse({ key, bytes, error, ...at })
      return null
    }
  }

  /** One read for all that memory does not know. */
  #lastPublished(published: Published, keys: readonly string[], viewId: number): (Buffer | null)[] {
    const known = keys.map(key => published.get(key))
    const missing = keys.filter((_, i) => known[i] === undefined).map(key => viewRowKey(viewId, key))
    const stored = missing.length > 0 ? this.#store.getMany('views', missing) : []
    let next = 0
    return known.map(value => (value === undefined ? (stored[next++] ?? null) : value))
  }
}

/** Stream time, so that a replay writes the same; 0 while only history has been seen by nobody. */
const viewTimestamp = (task: StepTask) => Math.max(0, Number.isFinite(task.horizon) ? task.horizon : 0)
