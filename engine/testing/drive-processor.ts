import type { Processor } from '../processor.ts'
import { CacheBudget } from '../state/cache-budget.ts'
import { MemoryStore } from '../stores/memory-store.ts'
import { type CounterName, StepTask } from '../task/step-task.ts'

export interface Emitted<K, V> {
  key: K
  value: V
  timestamp: number
}

export interface ProcessorDriver<K, In, OutK, Out, View> {
  /** Processes one record; returns what was emitted by it and by the timers that it set off. */
  (key: K, value: In, timestamp: number): Emitted<OutK, Out>[]
  /** What `.to(view)` would publish for the key now. */
  view(key: K): View | null
  /** Moves stream time as a tick does; returns what timers emitted. */
  advance(timestamp: number): Emitted<OutK, Out>[]
  /** Writes all state out and forgets it in memory, so that the next record reads it back through its codecs. */
  reload(): void
  readonly counted: Record<CounterName, number>
  readonly late: number
}

/**
 * Drives one processor in memory and synchronously, with stream time in the test's hand. An error thrown by `process`
 * reaches the test, with the state rolled back to before the record.
 */
export function driveProcessor<K extends string, In, OutK extends string, Out, View>(
  processor: Processor<K, In, OutK, Out, View, any, any>
): ProcessorDriver<K, In, OutK, Out, View> {
  const store = new MemoryStore()
  const counted: Record<CounterName, number> = { duplicates: 0, filtered: 0 }
  const storeId = numbering()
  const stores = Object.keys(processor.state).map(state => ({ state, name: state }))
  const plan = {
    topology: 'test',
    version: 1,
    name: processor.name,
    processor,
    partitions: 1,
    stores,
    timers: 'timers',
    outs: [],
    view: null,
    indexTopic: null,
    depth: 0
  }
  const count = (name: CounterName, by: number) => {
    counted[name] += by
  }
  const task = new StepTask({ plan, partition: 0, store, storeId, budget: new CacheBudget(1 << 30), count })
  const index = processor.index?.create()
  let [offset, late] = [0, 0]
  let emitted: Emitted<OutK, Out>[] = []

  const commit = () => {
    const batch = store.batch()
    task.flush(batch)
    store.write(batch)
    task.settle()
  }
  const fireTimers = () => {
    while (task.timers.due(task.horizon)) {
      const timer = task.timers.take()
      if (timer.kind > 0) {
        task.expire(timer)
        continue
      }
      task.bind(timer.key, timer.time)
      const emit = (key: OutK, value: Out, timestamp = timer.time) => void emitted.push({ key, value, timestamp })
      processor.onTimer?.({ key: timer.key as K, timestamp: timer.time }, task.handles, emit)
    }
  }
  const run = (work: () => void) => {
    emitted = []
    try {
      work()
    } catch (error) {
      task.abort()
      throw error
    }
    commit()
    return emitted
  }
  const feed = (key: K, value: In, timestamp: number) =>
    run(() => {
      task.advance(timestamp, undefined)
      fireTimers()
      if (task.isLate(timestamp)) {
        late++
        return
      }
      if (processor.index) processor.index.apply(index, { key, value, timestamp }, offset++)
      task.bind(processor.stateKey ?? key, timestamp)
      const emit = (outKey: OutK, out: Out, at = timestamp) =>
        void emitted.push({ key: outKey, value: out, timestamp: at })
      processor.process({ key, value, timestamp }, task.handles, emit, index)
    })
  const driver = Object.assign(feed, {
    view: (key: K) => {
      task.bind(processor.stateKey ?? key, Number.NEGATIVE_INFINITY)
      return processor.view?.(key, task.handles) ?? null
    },
    advance: (timestamp: number) =>
      run(() => {
        task.advance(timestamp, undefined)
        fireTimers()
      }),
    reload: () => {
      for (const cache of task.caches) cache.drop()
      task.timers.drop()
    },
    counted
  })
  return Object.defineProperty(driver, 'late', { get: () => late }) as typeof driver & { late: number }
}

function numbering(): (name: string) => number {
  const ids = new Map<string, number>()
  return name => {
    if (!ids.has(name)) ids.set(name, ids.size + 1)
    return ids.get(name) as number
  }
}
