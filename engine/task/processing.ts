import type { Clock } from '../clock.ts'
import { MillraceError } from '../errors.ts'
import type { Log } from '../log/log.ts'
import { CacheBudget } from '../state/cache-budget.ts'
import type { StoreReader } from '../stores/state-store.ts'
import { topic, type ValueCodec } from '../topic.ts'
import { DeadLetterBox } from './dead-letter-box.ts'
import { rebuildIndex } from './indexes.ts'
import { Input, InputMerger, type Origin } from './inputs.ts'
import type { OutputSink } from './outputs.ts'
import { Pipeline, ProcessingFailed } from './pipeline.ts'
import type { Plan, SourcePlan, StepPlan } from './plan.ts'
import { type CounterName, StepTask } from './step-task.ts'
import { placed } from './task-errors.ts'

/** The wall clock as records, so that windows close on quiet partitions and a replay sees the same time. */
export const ticks = 'ticks'
/** Header of the tick that ends a bulk load; its value is the name of the load. */
export const historyEndHeader = 'millrace.history-end'

/** Few enough that what is made of them is gone before the young generation is full: more is collected with the old one. */
export const defaultBatchRecords = 256
const cautiousBatchRecords = 16

export interface ProcessingOptions {
  plan: Plan
  log: Pick<Log, 'read' | 'startOffset' | 'endOffset'>
  store: StoreReader
  /** Stable small number of a store, for its row keys. */
  storeId: (name: string) => number
  outputs: OutputSink
  /** Of `dead-letters` and of `ticks`. */
  partitions: number
  /** Decoded state in memory. */
  cacheBytes: number
  /** Outputs of one unit. */
  unitBytesMax: number
  batchRecords?: number
  /** How long a task's inputs wait for one whose records are there and have not arrived. Default 0. */
  maxTaskIdleMs?: number
  /** Whether `begin` builds indexes from the log, which can be read back at once there; else the owner does. Default true. */
  buildsIndexes?: boolean
  clock: Clock
  /** A record cannot be told now; it and what is behind it wait, and it is looked at again. */
  onWaiting?: (error: MillraceError) => void
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
 * The unit of work while it is being worked on: records in, changed state and outputs in memory. Whoever owns it decides
 * when and how it is committed, and then says `settled`, or `reset` to go back to the committed offsets.
 */
export class Processing {
  readonly plan: Plan
  readonly budget: CacheBudget
  readonly merger: InputMerger
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
  readonly deadLetters: DeadLetterBox
  readonly #options: ProcessingOptions
  /** By step, then partition; holes where a partition is somebody else's. */
  readonly #tasks = new Map<StepPlan, StepTask[]>()
  readonly #pipeline: Pipeline
  readonly #counted = { duplicates: 0, filtered: 0 }
  /** Records to leave out, by topology and place, and why: the unit that held them was aborted. */
  readonly #skips = new Map<string, ProcessingFailed>()
  #unitStarted = Number.NaN
  #isMidBatch = false
  #taken = 0

  constructor(options: ProcessingOptions) {
    this.plan = options.plan
    this.#options = options
    this.deadLetters = new DeadLetterBox(options)
    this.stats.deadLetters = this.deadLetters.counts
    this.budget = new CacheBudget(options.cacheBytes)
    this.merger = new InputMerger({ idleMs: options.maxTaskIdleMs ?? 0, now: () => options.clock.monotonic() })
    for (const step of this.plan.steps) this.#tasks.set(step, [])
    this.#pipeline = new Pipeline(this.plan.steps, step => this.#tasks.get(step) as StepTask[], options.outputs)
  }

  /** Takes over one partition of steps; state is read from the store as it is met. Only between units. */
  addTasks(steps: readonly StepPlan[], partition: number): StepTask[] {
    return steps.map(step => {
      const task = this.#task(step, partition)
      ;(this.#tasks.get(step) as StepTask[])[partition] = task
      return task
    })
  }

  dropTasks(steps: readonly StepPlan[], partition: number): void {
    for (const step of steps) {
      const tasks = this.#tasks.get(step) as StepTask[]
      tasks[partition]?.abort()
      delete tasks[partition]
    }
  }

  addInput(source: SourcePlan, partition: number, offset: number, task: string | null = null): Input {
    const input = new Input(this.#options.log, source, partition)
    input.task = task
    input.seek(offset)
    this.merger.add(input)
    return input
  }

  /** What was noted about its records is forgotten too: whoever reads them next meets it again. */
  removeInput(input: Input): void {
    this.merger.remove(input)
    for (const [id, { origin }] of this.#skips) if (origin.input === input) this.#skips.delete(id)
  }

  tasks(): StepTask[] {
    return [...this.#tasks.values()].flatMap(tasks => tasks.filter(task => task !== undefined))
  }

  /** To be called when inputs and tasks are as they will stay, and after every `reset`. */
  begin(): void {
    const tasks = this.tasks()
    this.merger.isHistoryRunning = tasks.some(task => !Number.isNaN(task.historyTime))
    if (this.#options.buildsIndexes === false) return
    for (const task of tasks) rebuildIndex(task, this.merger.inputs, this.#options.log)
  }

  /** Records that wait, or a batch in the middle. */
  get hasWork(): boolean {
    return this.#isMidBatch || this.#skips.size > 0 || this.merger.inputs.some(input => input.lag > 0)
  }

  /** The last batch found nothing: what is to come has not arrived. */
  get isIdle(): boolean {
    return !this.#isMidBatch && this.#taken === 0
  }

  get isMidBatch(): boolean {
    return this.#isMidBatch
  }

  get isUnitOpen(): boolean {
    return !Number.isNaN(this.#unitStarted)
  }

  /** How long the unit has been open, ms. */
  get unitAge(): number {
    return this.#options.clock.monotonic() - this.#unitStarted
  }

  /** The unit holds as much as it may, or is careful because of a bad record: commit now. */
  get isUnitFull(): boolean {
    return this.budget.isExceeded || this.#options.outputs.bytes > this.#options.unitBytesMax || this.#skips.size > 0
  }

  get lag(): number {
    return this.merger.inputs.reduce((sum, input) => sum + input.lag, 0)
  }

  /** One batch of records through all steps; false when interrupted in the middle. */
  runBatch(isOver: () => boolean): boolean {
    if (!this.#isMidBatch) {
      const { batchRecords = defaultBatchRecords, clock } = this.#options
      const max = this.#skips.size > 0 ? cautiousBatchRecords : batchRecords
      this.#taken = this.merger.drain(max, origin => this.#accept(origin))
      if (this.#taken === 0) return true
      if (!this.isUnitOpen) this.#unitStarted = clock.monotonic()
      this.#isMidBatch = true
    }
    if (!this.#pipeline.advance(isOver)) return false
    this.#isMidBatch = false
    return true
  }

  /**
   * Takes what a batch has thrown: a bad record is noted, so that it is left out next time, with a dead letter in the same
   * unit. Everything else is thrown on. The caller then resets.
   */
  noteFailure(error: unknown): void {
    if (error instanceof ProcessingFailed) {
      this.#skips.set(skipId(error.topology, error.origin), error)
      this.stats.aborts++
      return
    }
    if (error instanceof MillraceError) throw error
    throw new MillraceError('stream_failed', 'stop', String(error), { cause: error })
  }

  /** The unit is durable. */
  settled(commitMs: number): void {
    const { stats } = this
    for (const task of this.tasks()) task.settle()
    for (const input of this.merger.inputs) input.committed = input.position
    for (const [id, { origin }] of this.#skips) if (origin.offset < origin.input.committed) this.#skips.delete(id)
    this.#options.outputs.clear()
    this.#unitStarted = Number.NaN
    stats.commits++
    stats.commitMs += commitMs
    stats.duplicates += this.#counted.duplicates
    stats.filtered += this.#counted.filtered
    for (const step of this.#pipeline.steps) {
      const id = `${step.plan.topology} ${step.plan.name}`
      stats.processed.set(id, (stats.processed.get(id) ?? 0) + step.processed)
      stats.late += step.late
    }
    this.#forgetCounts()
    if (!this.budget.isTurnDue) return
    const oldest = this.budget.turn()
    for (const task of this.tasks()) task.dropOlderThan(oldest)
  }

  /** Back to the committed offsets: nothing of the unit ever was. */
  reset(): void {
    this.#options.outputs.clear()
    this.#pipeline.clear()
    for (const task of this.tasks()) task.abort()
    for (const input of this.merger.inputs) input.rewind()
    this.#forgetCounts()
    this.#unitStarted = Number.NaN
    this.#isMidBatch = false
    this.begin()
  }

  /** False where the record cannot be told now: nothing is wrong with it. */
  #accept(origin: Origin): boolean {
    const { source } = origin.input
    const bytes = origin.batch.value(origin.index)
    if (source.log === ticks) this.#tick(origin)
    let value: unknown = null
    try {
      if (bytes !== null) value = source.topic.value.decode(bytes)
    } catch (error) {
      if (error instanceof MillraceError && error.remedy === 'retry') {
        this.#options.onWaiting?.(error)
        return false
      }
      if (error instanceof MillraceError && error.remedy !== 'skip') throw placed(error, { input: origin.input })
      this.deadLetters.bury(origin, error, { topology: 'source', step: source.topic.name })
      return true
    }
    const key = origin.batch.key(origin.index)
    for (const reader of source.readers) {
      const skipped = this.#skips.size > 0 ? this.#skips.get(skipId(reader.topology, origin)) : undefined
      if (skipped) {
        this.deadLetters.bury(origin, skipped, skipped)
        this.#pipeline.acceptSkipped(reader, key, value, origin)
      } else this.#pipeline.accept(reader, key, value, origin)
    }
    return true
  }

  #tick(origin: Origin): void {
    const { source, partition } = origin.input
    const ended = origin.batch.headers(origin.index)?.[historyEndHeader]
    if (ended !== undefined) {
      this.merger.isHistoryRunning = false
      for (const task of this.tasks()) task.endHistory()
    }
    this.#pipeline.tick(origin.timestamp, partition, source.partitions, origin)
  }

  #forgetCounts(): void {
    this.#counted.duplicates = this.#counted.filtered = 0
    for (const step of this.#pipeline.steps) step.processed = step.late = 0
  }

  #task(step: StepPlan, partition: number): StepTask {
    const { store, storeId } = this.#options
    const count = (name: CounterName, by: number) => {
      this.#counted[name] += by
    }
    return new StepTask({ plan: step, partition, store, storeId, budget: this.budget, count })
  }
}

/** Read last among records of equal time: a tick says that everything before it has happened. */
export function ticksSource(partitions: number): SourcePlan {
  const none: ValueCodec<null> = { encode: () => Buffer.alloc(0), decode: () => null }
  return { topic: topic(ticks, { value: none }), log: ticks, partitions, rank: Number.MAX_SAFE_INTEGER, readers: [] }
}

const skipId = (topology: string, origin: Origin) =>
  `${topology} ${origin.input.source.log} ${origin.input.partition} ${origin.offset}`
