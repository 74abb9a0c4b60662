import { type Clock, systemClock } from './clock.ts'
import { type Committed, commitUnit, registerGroup, streamTimesKey, type UnitLog } from './commit.ts'
import { type Faults, noFaults } from './faults.ts'
import type { Log, TopicSpec } from './log/log.ts'
import type { CacheBudget } from './state/cache-budget.ts'
import { NameIds } from './stores/name-ids.ts'
import type { StateStore } from './stores/state-store.ts'
import { CatchUpInterval } from './task/catch-up-interval.ts'
import { deadLetterBytesMax } from './task/dead-letter.ts'
import type { InputMerger } from './task/inputs.ts'
import { deadLetters, Outputs } from './task/outputs.ts'
import { type Plan, plan } from './task/plan.ts'
import { defaultBatchRecords, Processing, type StreamStats, ticks, ticksSource } from './task/processing.ts'
import { ViewPublisher } from './task/views.ts'
import type { Topology } from './topology.ts'

export { historyEndHeader, type StreamStats, ticks } from './task/processing.ts'

const commitBytesAim = 5 << 20

export interface StreamOptions {
  topologies: readonly Topology[]
  log: Log & UnitLog
  store: StateStore
  namespace?: string
  partitions?: number
  group?: string
  /** Topics first among records of equal time. */
  ranks?: readonly string[]
  /** A unit of work is committed after this many ms of wall time … */
  commitIntervalMs?: number
  /** … or, while far behind, after this many: a hot key is then written once for many records. */
  catchUpIntervalMs?: number
  /** Decoded state in memory; reaching it commits early. */
  cacheBytes?: number
  /** Outputs of one unit; reaching it commits early. */
  unitBytesMax?: number
  clock?: Clock
  faults?: Faults
  batchRecords?: number
  onCommit?: (committed: Committed, tookMs: number) => void
}

/**
 * Runs topologies over the embedded log, which one process holds whole: reads, processes, commits. Single-threaded and
 * synchronous; whoever owns the thread calls `runSlice` and does other things between two slices.
 */
export class Stream {
  readonly plan: Plan
  readonly #options: Required<Omit<StreamOptions, 'onCommit' | 'ranks'>> & Pick<StreamOptions, 'onCommit'>
  readonly #processing: Processing
  readonly #outputs = new Outputs()
  readonly #views: ViewPublisher
  #lastCommitMs = 0
  readonly #catchUp: CatchUpInterval

  constructor(options: StreamOptions) {
    this.#options = {
      namespace: 'millrace',
      partitions: 4,
      group: 'millrace',
      commitIntervalMs: 50,
      catchUpIntervalMs: 1_000,
      cacheBytes: 128 << 20,
      unitBytesMax: 32 << 20,
      clock: systemClock,
      faults: noFaults,
      batchRecords: defaultBatchRecords,
      ...options
    }
    const { commitIntervalMs: minMs, catchUpIntervalMs: maxMs } = this.#options
    this.#catchUp = new CatchUpInterval({ minMs, maxMs, bytesAim: commitBytesAim })
    const { store, partitions, namespace } = this.#options
    const ids = new NameIds(store)
    this.plan = plan(options.topologies, { partitions, namespace, ranks: options.ranks })
    this.#processing = new Processing({
      ...this.#options,
      plan: this.plan,
      outputs: this.#outputs,
      storeId: name => ids.idOf('store', name)
    })
    this.#views = new ViewPublisher(store, name => ids.idOf('view', name), this.#processing.deadLetters)
    this.#takeAll()
  }

  /** Topics that must exist before a stream is made. */
  static topics(options: Pick<StreamOptions, 'topologies' | 'partitions' | 'namespace'>): TopicSpec[] {
    const partitions = options.partitions ?? 4
    const { topics } = plan(options.topologies, { partitions, namespace: options.namespace ?? 'millrace' })
    const own: TopicSpec[] = [
      { name: ticks, partitions, cleanup: 'delete', retentionMs: 86_400_000, recordBytesMax: 1024 },
      { name: deadLetters, partitions, cleanup: 'delete', recordBytesMax: deadLetterBytesMax }
    ]
    return [...topics, ...own.filter(({ name }) => !topics.some(topic => topic.name === name))]
  }

  get merger(): InputMerger {
    return this.#processing.merger
  }

  get budget(): CacheBudget {
    return this.#processing.budget
  }

  get stats(): StreamStats {
    return this.#processing.stats
  }

  /** Records that wait, or a unit that is not yet committed. */
  get hasWork(): boolean {
    return this.#processing.hasWork
  }

  get isUnitOpen(): boolean {
    return this.#processing.isUnitOpen
  }

  get lag(): number {
    return this.#processing.lag
  }

  /**
   * Works until `deadlineMs` (on the monotonic clock) or until nothing is left to do. Returns whether there is more.
   * Throws only what ends the process; records that cannot be processed end as dead letters.
   */
  runSlice(deadlineMs: number): boolean {
    const { clock } = this.#options
    const isOver = () => clock.monotonic() >= deadlineMs
    try {
      do {
        if (!this.#processing.runBatch(isOver)) return this.hasWork
        this.commitIfDue()
      } while (!isOver() && this.hasWork)
    } catch (error) {
      this.#processing.reset()
      this.#processing.noteFailure(error)
      return true
    }
    return this.hasWork
  }

  /** Commits what is open; with `drain` first processes everything that has arrived. */
  flush({ drain = false }: { drain?: boolean } = {}): void {
    do {
      while (this.#processing.isMidBatch || (drain && this.hasWork)) this.runSlice(Number.POSITIVE_INFINITY)
      if (this.isUnitOpen) this.#commit()
    } while (drain && this.hasWork)
  }

  /** Commits if the interval is over; also to be called when idle. */
  commitIfDue(): void {
    const { unitAge, isUnitFull, isMidBatch } = this.#processing
    if (!this.isUnitOpen || isMidBatch) return
    const { commitIntervalMs } = this.#options
    // With nothing left to do, waiting only costs freshness: commit once a commit is cheap against the time since the last.
    const due = this.hasWork ? this.#catchUp.ms : Math.min(commitIntervalMs, this.#lastCommitMs * 10)
    if (isUnitFull || unitAge >= due) this.#commit()
  }

  #commit(): void {
    const { store, log, faults, group, clock, onCommit } = this.#options
    const started = clock.monotonic()
    const unit = { group, tasks: this.#processing.tasks(), inputs: this.merger.inputs, outputs: this.#outputs }
    const age = this.#processing.unitAge
    const committed = commitUnit(unit, { store, log, views: this.#views, faults })
    this.#catchUp.committed(committed.bytes, age)
    this.#lastCommitMs = clock.monotonic() - started
    this.#processing.settled(this.#lastCommitMs)
    onCommit?.(committed, this.#lastCommitMs)
  }

  /** All tasks and all inputs, from where the last unit ended. */
  #takeAll(): void {
    const { log, store, group, partitions } = this.#options
    const [stored] = store.getMany('meta', [streamTimesKey(group)])
    const times = stored ? JSON.parse(stored.toString()) : {}
    for (const step of this.plan.steps) {
      for (let partition = 0; partition < step.partitions; partition++) {
        const [task] = this.#processing.addTasks([step], partition)
        const time = times[`${step.topology}/${step.name}/${partition}`]
        if (time) task.restoreTimes(time)
      }
    }
    const committed = log.committed(group)
    for (const source of [...this.plan.sources, ticksSource(partitions)]) {
      for (let partition = 0; partition < source.partitions; partition++) {
        this.#processing.addInput(source, partition, committed.get(source.log)?.[partition] ?? 0)
      }
    }
    this.#processing.begin()
    // Retention must know from the start who has not read yet.
    if (this.plan.sources.some(source => !committed.has(source.log))) {
      registerGroup(group, this.merger.inputs, this.#options)
    }
  }
}
