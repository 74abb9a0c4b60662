import { type Clock, systemClock } from './clock.ts'
import { type Committed, commitUnit, registerGroup, streamTimesKey, type UnitLog } from './commit.ts'
import { codeOf, MillraceError } from './errors.ts'
import { type Faults, noFaults } from './faults.ts'
import type { Log, TopicSpec } from './log/log.ts'
import { CacheBudget } from './state/cache-budget.ts'
import { NameIds } from './stores/name-ids.ts'
import type { StateStore } from './stores/state-store.ts'
import { deadLetter } from './task/dead-letter.ts'
import { Input, InputMerger, type Origin } from './task/inputs.ts'
import { deadLetters, Outputs } from './task/outputs.ts'
import { Pipeline, ProcessingFailed } from './task/pipeline.ts'
import { type Plan, plan, type SourcePlan } from './task/plan.ts'
import { type CounterName, StepTask } from './task/step-task.ts'
import { ViewPublisher } from './task/views.ts'
import { topic, type ValueCodec } from './topic.ts'
import type { Topology } from './topology.ts'

/** The wall clock as records, so that windows close on quiet partitions and a replay sees the same time. */
export const ticks = 'ticks'
/** Header of the tick that ends a bulk load; its value is the name of the load. */
export const historyEndHeader = 'millrace.history-end'

const batchRecords = 512
const cautiousBatchRecords = 16

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

/** What happened since start, for metrics. */
export interface StreamStats {
  processed: Map<string, number>
  late: number
  duplicates: number
  filtered: number
  deadLetters: Map<string, number>
  commits: number
  commitMs: number
  aborts: number
}

/**
 * Runs topologies over a log: reads, processes, commits. Single-threaded and synchronous; whoever owns the thread calls
 * `runSlice` and does other things between two slices.
 */
export class Stream {
  readonly plan: Plan
  readonly merger: InputMerger
  readonly budget: CacheBudget
  readonly stats: StreamStats = {
    processed: new Map(),
    late: 0,
    duplicates: 0,
    filtered: 0,
    deadLetters: new Map(),
    commits: 0,
    commitMs: 0,
    aborts: 0
  }
  readonly #options: Required<Omit<StreamOptions, 'onCommit' | 'ranks'>> & Pick<StreamOptions, 'onCommit'>
  readonly #tasks: StepTask[]
  readonly #pipeline: Pipeline
  readonly #outputs = new Outputs()
  readonly #ids: NameIds
  readonly #views: ViewPublisher
  readonly #counted = { duplicates: 0, filtered: 0 }
  /** Records to leave out, by topology and place, and why: the unit that held them was aborted. */
  readonly #skips = new Map<string, ProcessingFailed>()
  #unitStarted = Number.NaN
  #lastCommitMs = 0
  #isMidBatch = false

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
      batchRecords,
      ...options
    }
    const { log, store, partitions, namespace, group } = this.#options
    this.plan = plan(options.topologies, { partitions, namespace, ranks: options.ranks })
    this.budget = new CacheBudget(this.#options.cacheBytes)
    this.#ids = new NameIds(store)
    this.#views = new ViewPublisher(store, name => this.#ids.idOf('view', name))
    const byStep = new Map(this.plan.steps.map(step => [step, this.#tasksOf(step)]))
    this.#tasks = [...byStep.values()].flat()
    this.#pipeline = new Pipeline(this.plan.steps, step => byStep.get(step) as StepTask[], this.#outputs)
    const committed = log.committed(group)
    const inputs = [...this.plan.sources, ticksOf(this.plan, partitions)].flatMap(source =>
      Array.from({ length: source.partitions }, (_, partition) => {
        const input = new Input(log, source, partition)
        input.seek(committed.get(source.log)?.[partition] ?? 0)
        return input
      })
    )
    this.merger = new InputMerger(inputs)
    this.#restore()
    // Retention must know from the start who has not read yet.
    if (this.plan.sources.some(source => !committed.has(source.log))) registerGroup(group, inputs, this.#options)
  }

  /** Topics that must exist before a stream is made. */
  static topics(options: Pick<StreamOptions, 'topologies' | 'partitions' | 'namespace'>): TopicSpec[] {
    const partitions = options.partitions ?? 4
    const { topics } = plan(options.topologies, { partitions, namespace: options.namespace ?? 'millrace' })
    const own: TopicSpec[] = [
      { name: ticks, partitions, cleanup: 'delete', retentionMs: 86_400_000, recordBytesMax: 1024 },
      { name: deadLetters, partitions, cleanup: 'delete', recordBytesMax: (1 << 20) + 65_536 }
    ]
    return [...topics, ...own.filter(({ name }) => !topics.some(topic => topic.name === name))]
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
        if (!this.#runBatch(isOver)) return this.hasWork
        this.#commitIfDue()
      } while (!isOver() && this.hasWork)
    } catch (error) {
      this.#abort(error)
      return true
    }
    return this.hasWork
  }

  /** Records that wait, or a unit that is not yet committed. */
  get hasWork(): boolean {
    return this.#isMidBatch || this.#skips.size > 0 || this.merger.inputs.some(input => input.lag > 0)
  }

  get isUnitOpen(): boolean {
    return !Number.isNaN(this.#unitStarted)
  }

  get lag(): number {
    return this.merger.inputs.reduce((sum, input) => sum + input.lag, 0)
  }

  /** Commits what is open; with `drain` first processes everything that has arrived. */
  flush({ drain = false }: { drain?: boolean } = {}): void {
    do {
      while (this.#isMidBatch || (drain && this.hasWork)) this.runSlice(Number.POSITIVE_INFINITY)
      if (this.isUnitOpen) this.#commit()
    } while (drain && this.hasWork)
  }

  /** Commits if the interval is over; to be called when idle. */
  commitIfDue(): void {
    if (!this.#isMidBatch) this.#commitIfDue()
  }

  /** One batch of records through all steps; false when interrupted in the middle. */
  #runBatch(isOver: () => boolean): boolean {
    if (!this.#isMidBatch) {
      const max = this.#skips.size > 0 ? cautiousBatchRecords : this.#options.batchRecords
      const taken = this.merger.drain(max, origin => this.#accept(origin))
      if (taken === 0) return true
      if (!this.isUnitOpen) this.#unitStarted = this.#options.clock.monotonic()
      this.#isMidBatch = true
    }
    if (!this.#pipeline.advance(isOver)) return false
    this.#isMidBatch = false
    return true
  }

  #accept(origin: Origin): void {
    const { source } = origin.input
    const bytes = origin.batch.value(origin.index)
    if (source.log === ticks) this.#tick(origin)
    let value: unknown = null
    try {
      if (bytes !== null) value = source.topic.value.decode(bytes)
    } catch (error) {
      this.#bury(origin, error, 'source', source.topic.name)
      return
    }
    const key = origin.batch.key(origin.index)
    for (const reader of source.readers) {
      const skipped = this.#skips.size > 0 ? this.#skips.get(skipId(reader.topology, origin)) : undefined
      if (skipped) this.#bury(origin, skipped, skipped.topology, skipped.step)
      else this.#pipeline.accept(reader, key, value, origin)
    }
  }

  #tick(origin: Origin): void {
    const { source, partition } = origin.input
    const ended = origin.batch.headers(origin.index)?.[historyEndHeader]
    if (ended !== undefined) {
      this.merger.isHistoryRunning = false
      for (const task of this.#tasks) task.endHistory()
    }
    this.#pipeline.tick(origin.timestamp, partition, source.partitions, origin)
  }

  #bury(origin: Origin, error: unknown, topology: string, step: string): void {
    const { clock, log } = this.#options
    const letter = deadLetter(origin, error, { topology, step, time: clock.now() })
    const partitions = log.topics().find(topic => topic.name === deadLetters)?.partitions ?? 1
    this.#outputs.add({ log: deadLetters, partitions }, { ...letter, timestamp: origin.timestamp })
    const id = `${topology} ${codeOf(error)}`
    this.stats.deadLetters.set(id, (this.stats.deadLetters.get(id) ?? 0) + 1)
  }

  #commitIfDue(): void {
    if (!this.isUnitOpen) return
    const { clock, commitIntervalMs, catchUpIntervalMs, unitBytesMax } = this.#options
    const age = clock.monotonic() - this.#unitStarted
    const isFull = this.budget.isExceeded || this.#outputs.bytes > unitBytesMax || this.#skips.size > 0
    const isBehind = this.hasWork
    // With nothing left to do, waiting only costs freshness: commit once a commit is cheap against the time since the last.
    const due = isBehind ? catchUpIntervalMs : Math.min(commitIntervalMs, this.#lastCommitMs * 10)
    if (isFull || age >= due) this.#commit()
  }

  #commit(): void {
    const { store, log, faults, group, clock, onCommit } = this.#options
    const started = clock.monotonic()
    const unit = { group, tasks: this.#tasks, inputs: this.merger.inputs, outputs: this.#outputs }
    const committed = commitUnit(unit, { store, log, views: this.#views, faults })
    this.#outputs.clear()
    this.#forgetPassedSkips()
    this.#unitStarted = Number.NaN
    this.#lastCommitMs = clock.monotonic() - started
    this.#count(committed)
    if (this.budget.isTurnDue) for (const task of this.#tasks) task.turn()
    onCommit?.(committed, this.#lastCommitMs)
  }

  #count(_committed: Committed): void {
    const { stats } = this
    stats.commits++
    stats.commitMs += this.#lastCommitMs
    stats.duplicates += this.#counted.duplicates
    stats.filtered += this.#counted.filtered
    this.#counted.duplicates = this.#counted.filtered = 0
    for (const step of this.#pipeline.steps) {
      const id = `${step.plan.topology} ${step.plan.name}`
      stats.processed.set(id, (stats.processed.get(id) ?? 0) + step.processed)
      stats.late += step.late
      step.processed = step.late = 0
    }
  }

  /** Back to the committed offsets; what failed is left out next time, with a dead letter in the same unit. */
  #abort(error: unknown): void {
    if (!(error instanceof ProcessingFailed)) {
      this.#reset()
      throw error instanceof MillraceError
        ? error
        : new MillraceError('stream_failed', 'stop', String(error), { cause: error })
    }
    this.#skips.set(skipId(error.topology, error.origin), error)
    this.stats.aborts++
    this.#reset()
  }

  #reset(): void {
    this.#outputs.clear()
    this.#pipeline.clear()
    for (const step of this.#pipeline.steps) step.processed = step.late = 0
    for (const task of this.#tasks) task.abort()
    for (const input of this.merger.inputs) input.rewind()
    this.#counted.duplicates = this.#counted.filtered = 0
    this.merger.isHistoryRunning = this.#tasks.some(task => !Number.isNaN(task.historyTime))
    this.#unitStarted = Number.NaN
    this.#isMidBatch = false
    this.#rebuildIndexes()
  }

  #forgetPassedSkips(): void {
    for (const [id, { origin }] of this.#skips) if (origin.offset < origin.input.committed) this.#skips.delete(id)
  }

  #tasksOf(step: Plan['steps'][number]): StepTask[] {
    const { store } = this.#options
    return Array.from(
      { length: step.partitions },
      (_, partition) =>
        new StepTask({
          plan: step,
          partition,
          store,
          storeId: name => this.#ids.idOf('store', name),
          budget: this.budget,
          count: (name: CounterName, by: number) => {
            this.#counted[name] += by
          }
        })
    )
  }

  #restore(): void {
    const [stored] = this.#options.store.getMany('meta', [streamTimesKey(this.#options.group)])
    const times = stored ? JSON.parse(stored.toString()) : {}
    for (const task of this.#tasks) {
      const time = times[`${task.plan.topology}/${task.plan.name}/${task.partition}`]
      if (time) task.restoreTimes(time)
    }
    this.merger.isHistoryRunning = this.#tasks.some(task => !Number.isNaN(task.historyTime))
    this.#rebuildIndexes()
  }

  /** An index is derived from its topic up to the committed offset, in offset order. */
  #rebuildIndexes(): void {
    for (const task of this.#tasks) {
      const { index } = task.plan.processor
      if (!index) continue
      task.index = index.create()
      const input = this.merger.inputs.find(
        ({ source, partition }) => source.log === task.plan.indexTopic && partition === task.partition
      )
      if (input) task.indexedUntil = replayInto(task, input, this.#options.log)
    }
  }
}

/** Read last among records of equal time: a tick says that everything before it has happened. */
function ticksOf({ sources }: Plan, partitions: number): SourcePlan {
  const none: ValueCodec<null> = { encode: () => Buffer.alloc(0), decode: () => null }
  return { topic: topic(ticks, { value: none }), log: ticks, partitions, rank: sources.length, readers: [] }
}

function replayInto(task: StepTask, input: Input, log: Log): number {
  const { index } = task.plan.processor
  let offset = log.startOffset(input.source.log, input.partition)
  while (offset < input.committed) {
    const batch = log.read(input.source.log, input.partition, offset, 1 << 20)
    if (!batch) break
    for (let i = 0; i < batch.count && batch.offset(i) < input.committed; i++) {
      const bytes = batch.value(i)
      if (bytes === null) continue
      const value = decodeOrNull(input, bytes)
      if (value !== null) index?.apply(task.index, { key: batch.key(i), value, timestamp: batch.timestamp(i) })
    }
    offset = batch.nextOffset
  }
  return input.committed
}

/** What was a dead letter when it was processed is no part of the index either. */
function decodeOrNull(input: Input, bytes: Buffer): unknown {
  try {
    return input.source.topic.value.decode(bytes)
  } catch (error) {
    if (codeOf(error) === 'unexpected') throw error
    return null
  }
}

const skipId = (topology: string, origin: Origin) =>
  `${topology} ${origin.input.source.log} ${origin.input.partition} ${origin.offset}`
