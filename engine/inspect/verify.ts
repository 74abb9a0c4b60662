import { messageOf } from '../errors.ts'
import type { Log } from '../log/log.ts'
import { partitionOf } from '../log/partition-of.ts'
import type { Verified } from '../ports/store-inspector.ts'
import { CacheBudget } from '../state/cache-budget.ts'
import { readNameIds } from '../stores/name-ids.ts'
import type { StepPlan } from '../task/plan.ts'
import { StepTask } from '../task/step-task.ts'
import { viewRowKey } from '../task/views.ts'
import type { EngineInspector, KnownStore } from './store-inspector.ts'
import { stateEntries, timerEntries, viewEntries } from './stored-entries.ts'

const problemsShown = 20
const readBytes = 1 << 20
const keysPerCache = 256

/** Every chunk of every topic: its checksum, and that none is missing. */
export function* verifyLog(
  log: Pick<Log, 'topics' | 'read' | 'startOffset' | 'endOffset'>
): Generator<void, Verified[]> {
  const found: Verified[] = []
  for (const { name, partitions } of log.topics()) {
    const verified = none(name, 'topic')
    for (let partition = 0; partition < partitions; partition++) {
      try {
        for (let offset = log.startOffset(name, partition); ; ) {
          const batch = log.read(name, partition, offset, readBytes)
          if (!batch) break
          verified.read += batch.count
          offset = batch.nextOffset
          yield
        }
      } catch (error) {
        add(verified, messageOf(error))
      }
    }
    found.push(verified)
  }
  return found
}

/** Every entry of every store and view can be decoded by this release. */
export function* verifyStores(inspector: EngineInspector): Generator<void, Verified[]> {
  const found: Verified[] = []
  for (const known of inspector.known()) {
    if (known.kind === 'unknown') continue
    const verified = none(known.store, known.kind === 'view' ? 'view' : 'store')
    try {
      for (const _ of rawEntries(inspector, known)) {
        verified.read++
        yield
      }
    } catch (error) {
      add(verified, `${messageOf(error)} (behind ${verified.read} keys that can be read)`)
    }
    found.push(verified)
  }
  return found
}

function rawEntries({ options: { store } }: EngineInspector, { kind, id, spec, decode }: KnownStore) {
  if (kind === 'timers') return timerEntries(store, id)
  return spec ? stateEntries(store, id, spec) : viewEntries(store, id, decode ?? (bytes => bytes))
}

interface Place {
  key: string
  partition: number
}

/**
 * Every view row is what the step's `view` says of the state as it stands, and every state that has a view has its row. A
 * row of a key that the step knows nothing of may be what an `earlier` writer of the view has left.
 */
export function* verifyViews(
  inspector: EngineInspector,
  steps: readonly StepPlan[],
  earlier: readonly StepPlan[] = []
): Generator<void, Verified[]> {
  const found: Verified[] = []
  for (const step of steps) {
    if (!step.view || !step.processor.view) continue
    const writers = earlier.filter(({ view }) => view?.topic.name === step.view?.topic.name)
    const left = writers.map(writer => new ViewCheck(inspector, writer)).filter(({ hasRun }) => hasRun)
    const check = new ViewCheck(inspector, step, left)
    if (!check.hasRun) continue
    const verified = none(`${step.view.topic.name} (against its state)`, 'view')
    try {
      yield* compareView(check, verified)
    } catch (error) {
      add(verified, `${messageOf(error)} (behind ${verified.read} keys that can be read)`)
    }
    found.push(verified)
  }
  return found
}

function* compareView(check: ViewCheck, verified: Verified): Generator<void> {
  const differing: Place[] = []
  for (const place of check.places()) {
    verified.read++
    if (!check.agrees(place)) differing.push(place)
    yield
  }
  // Where the stream goes on meanwhile, state and view were read at different moments: only what stays is a problem.
  check.forget()
  for (const place of differing) {
    if (!check.agrees(place)) add(verified, `Key ${JSON.stringify(place.key)}: the view is not what its state says.`)
    yield
  }
}

class ViewCheck {
  readonly #inspector: EngineInspector
  readonly #step: StepPlan
  readonly #storeIds: Map<string, number>
  readonly #viewId: number | undefined
  readonly #earlier: readonly ViewCheck[]
  readonly #tasks = new Map<number, StepTask>()
  #used = 0

  constructor(inspector: EngineInspector, step: StepPlan, earlier: readonly ViewCheck[] = []) {
    const { store } = inspector.options
    this.#inspector = inspector
    this.#step = step
    this.#earlier = earlier
    this.#storeIds = readNameIds(store, 'store')
    this.#viewId = readNameIds(store, 'view').get(step.view?.topic.name as string)
  }

  get hasRun(): boolean {
    const { stores, timers } = this.#step
    return [...stores.map(({ name }) => name), timers].every(name => this.#storeIds.has(name))
  }

  /** Keys with state, then keys with a row; most come twice. */
  *places(): Generator<Place> {
    const { store } = this.#inspector.options
    const { stores, processor, partitions } = this.#step
    for (const { name, state } of stores) {
      for (const { key, partition } of stateEntries(
        store,
        this.#storeIds.get(name) as number,
        processor.state[state]
      )) {
        yield { key, partition: partition ?? 0 }
      }
    }
    if (this.#viewId === undefined) return
    for (const { key } of viewEntries(store, this.#viewId, () => null)) {
      yield { key, partition: partitionOf(key, partitions) }
    }
  }

  /**
   * A view was last computed when its state last changed, and what has outlived its time since then is hidden but not yet
   * gone: so the row may be of any of the moments that can have been that one.
   */
  agrees(place: Place): boolean {
    const { store } = this.#inspector.options
    const row =
      this.#viewId === undefined ? undefined : store.getMany('views', [viewRowKey(this.#viewId, place.key)])[0]
    const said = this.#rowsOf(place)
    if (said.some(one => isSame(one, row))) return true
    const isUnknown = said.every(one => one === null)
    return isUnknown && this.#earlier.some(check => check.#rowsOf(place).some(one => isSame(one, row)))
  }

  forget(): void {
    for (const check of [this, ...this.#earlier]) check.#tasks.clear()
  }

  /** What the view says of the key at each of these moments; null: no row. */
  #rowsOf({ key, partition }: Place): (Buffer | null)[] {
    const { view, processor } = this.#step
    const task = this.#taskOf(partition)
    const touched = task.caches.map(cache => cache.lookup(key).touched).filter(Number.isFinite)
    const moments = new Set([task.streamTime, Math.max(...touched), Number.NEGATIVE_INFINITY])
    return [...moments].map(moment => {
      task.bind(key, moment)
      const value = processor.view?.(key, task.handles) ?? null
      return value === null ? null : (view?.topic.value.encode(value) ?? null)
    })
  }

  #taskOf(partition: number): StepTask {
    if (++this.#used % keysPerCache === 0) this.#tasks.clear()
    let task = this.#tasks.get(partition)
    if (!task) {
      const { store } = this.#inspector.options
      const storeId = (name: string) => this.#storeIds.get(name) as number
      const budget = new CacheBudget(1 << 30)
      task = new StepTask({ plan: this.#step, partition, store, storeId, budget, count: () => undefined })
      const times = this.#inspector.streamTimes()[`${this.#step.topology}/${this.#step.name}/${partition}`]
      if (times) task.restoreTimes([times[0], times[1]])
      this.#tasks.set(partition, task)
    }
    return task
  }
}

function isSame(said: Buffer | null, row: Buffer | undefined): boolean {
  return said === null ? row === undefined : row !== undefined && said.equals(row)
}

function none(name: string, what: Verified['what']): Verified {
  return { name, what, read: 0, problems: [], problemsTotal: 0 }
}

function add(verified: Verified, problem: string): void {
  verified.problemsTotal++
  if (verified.problems.length < problemsShown) verified.problems.push(problem)
}
