import { codeOf, MillraceError, messageOf } from '../errors.ts'
import { partitionOf } from '../log/partition-of.ts'
import { historyHeader, type Rec } from '../record.ts'
import type { Origin } from './inputs.ts'
import { checkSize, type OutputSink } from './outputs.ts'
import type { Op, SourcePlan, StepPlan } from './plan.ts'
import type { StepTask } from './step-task.ts'
import { placed } from './task-errors.ts'

/** A record on its way between steps, with where it is and what it came from. */
interface Waiting extends Rec<string, any> {
  partition: number
  origin: Origin
  /** A `tick` only moves stream time; what is `skipped` is a dead letter, which an index of its topic holds all the same. */
  role: 'record' | 'tick' | 'skipped'
}

/** A record that a step could not process: the unit is aborted and runs again without it. */
export class ProcessingFailed extends MillraceError {
  readonly topology: string
  readonly step: string
  readonly origin: Origin

  constructor(topology: string, step: string, origin: Origin, cause: unknown) {
    super(codeOf(cause) === 'unexpected' ? 'processor_failed' : codeOf(cause), 'skip', messageOf(cause), { cause })
    this.topology = topology
    this.step = step
    this.origin = origin
  }
}

export interface Step {
  plan: StepPlan
  tasks: StepTask[]
  queue: Waiting[]
  next: number
  processed: number
  late: number
  emit: (key: string, value: any, timestamp?: number) => void
}

/**
 * Carries records from step to step inside a unit of work. Each step works off its queue before the next one starts; its
 * keys are known by then, so that their state is read at once. Can stop between any two records and go on later.
 */
export class Pipeline {
  readonly steps: Step[]
  readonly #outputs: OutputSink
  readonly #byPlan: Map<StepPlan, Step>
  /** The step that was handed a record last: mostly the next one is for it too. */
  #receiver: Step | undefined
  /** What a step emits belongs to the record it is processing. */
  #origin!: Origin
  #partition = 0
  #timestamp = 0
  #current = 0

  constructor(plans: readonly StepPlan[], tasksOf: (plan: StepPlan) => StepTask[], outputs: OutputSink) {
    this.#outputs = outputs
    this.steps = plans.map(plan => ({
      plan,
      tasks: tasksOf(plan),
      queue: [],
      next: 0,
      processed: 0,
      late: 0,
      emit: this.#emitter(plan.outs)
    }))
    this.#byPlan = new Map(this.steps.map(step => [step.plan, step]))
  }

  /** What is written to one topic and nothing else makes no record on its way there. */
  #emitter(outs: Op[]): Step['emit'] {
    const [sink] = outs
    if (outs.length === 1 && sink.kind === 'sink') {
      return (key, value, timestamp = this.#timestamp) => this.#send(sink, { key, value, timestamp }, this.#origin)
    }
    return (key, value, timestamp = this.#timestamp) =>
      this.#deliver(outs, {
        key,
        value,
        timestamp,
        partition: this.#partition,
        origin: this.#origin,
        role: 'record'
      })
  }

  /** Hands a source record to one topology. */
  accept({ topology, outs }: SourcePlan['readers'][number], key: string, value: any, origin: Origin): void {
    const { timestamp, input } = origin
    try {
      this.#deliver(outs, { key, value, timestamp, partition: input.partition, origin, role: 'record' })
    } catch (error) {
      if (!isSkipped(error)) throw placed(error, { input })
      throw new ProcessingFailed(topology, 'source', origin, error)
    }
  }

  /** A record that a step of the topology cannot process: whatever else is built from the topic has it as well. */
  acceptSkipped({ outs }: SourcePlan['readers'][number], key: string, value: any, origin: Origin): void {
    const { timestamp, input } = origin
    for (const op of outs) {
      if (op.kind !== 'step' || !op.step.processor.index) continue
      this.#stepOf(op.step).queue.push({ key, value, timestamp, partition: input.partition, origin, role: 'skipped' })
    }
  }

  /** Moves stream time of every task that shares the tick's partition. */
  tick(timestamp: number, partition: number, partitions: number, origin: Origin): void {
    for (const step of this.steps) {
      for (const task of step.tasks) {
        if (!task) continue // a partition of another worker
        const isItsTick = task.partition === partition || (partition === 0 && task.partition >= partitions)
        if (isItsTick)
          step.queue.push({ key: '', value: null, timestamp, partition: task.partition, origin, role: 'tick' })
      }
    }
  }

  /** Works until every queue is empty (true) or `isOver` says to yield (false). */
  advance(isOver: () => boolean): boolean {
    while (this.#current < this.steps.length) {
      const step = this.steps[this.#current]
      if (step.next < step.queue.length && !this.#work(step, isOver)) return false
      step.queue = []
      step.next = 0
      this.#current++
    }
    this.#current = 0
    return true
  }

  clear(): void {
    for (const step of this.steps) {
      step.queue = []
      step.next = 0
    }
    this.#current = 0
  }

  #work(step: Step, isOver: () => boolean): boolean {
    if (step.next === 0) prefetch(step)
    const { queue } = step
    while (step.next < queue.length) {
      const waiting = queue[step.next]
      if (!this.#process(step, waiting, isOver)) return false
      step.next++
      if ((step.next & 15) === 0 && isOver()) return step.next === queue.length
    }
    return true
  }

  #process(step: Step, waiting: Waiting, isOver: () => boolean): boolean {
    const task = step.tasks[waiting.partition]
    if (waiting.role === 'skipped') {
      this.#index(task, waiting)
      return true
    }
    const isHistory = waiting.origin.history !== undefined
    task.advance(waiting.timestamp, waiting.origin.history)
    this.#origin = waiting.origin
    this.#partition = waiting.partition
    try {
      if (!this.#fireTimers(step, task, isOver)) return false
      if (waiting.role === 'tick') return true
      this.#index(task, waiting)
      if (!isHistory && task.isLate(waiting.timestamp)) {
        step.late++
        return true
      }
      this.#timestamp = waiting.timestamp
      task.bind(step.plan.processor.stateKey ?? waiting.key, waiting.timestamp)
      step.plan.processor.process(waiting, task.handles, step.emit, task.index)
      step.processed++
    } catch (error) {
      if (!isSkipped(error)) throw placed(error, { step: task })
      throw new ProcessingFailed(step.plan.topology, step.plan.name, waiting.origin, error)
    }
    return true
  }

  /** A burst of timers may be interrupted too: the record that set them off is then looked at again. */
  #fireTimers(step: Step, task: StepTask, isOver: () => boolean): boolean {
    const { processor } = step.plan
    for (let fired = 1; task.timers.due(task.horizon); fired++) {
      const timer = task.timers.take()
      if (timer.kind > 0) {
        task.expire(timer)
      } else if (processor.onTimer) {
        this.#timestamp = timer.time
        task.bind(timer.key, timer.time)
        processor.onTimer({ key: timer.key, timestamp: timer.time }, task.handles, step.emit)
      }
      if ((fired & 63) === 0 && isOver()) return false
    }
    return true
  }

  #index(task: StepTask, { key, value, timestamp, origin }: Waiting): void {
    const { index } = task.plan.processor
    if (!index || origin.offset < task.indexedUntil) return
    index.apply(task.index, { key, value, timestamp }, origin.offset)
    task.indexedUntil = origin.offset + 1
  }

  #deliver(ops: Op[], record: Waiting): void {
    for (const op of ops) {
      switch (op.kind) {
        case 'step':
          this.#stepOf(op.step).queue.push(record)
          break
        case 'through':
          this.#deliver(op.outs, { ...record, partition: partitionOf(record.key, op.partitions) })
          break
        case 'filter':
          if (op.accepts(record)) this.#deliver(op.outs, record)
          break
        case 'map':
          this.#map(op, record)
          break
        case 'sink':
          this.#send(op, record, record.origin)
      }
    }
  }

  #map(op: Op & { kind: 'map' }, record: Waiting): void {
    const mapped = op.map(record)
    if (mapped === null) return
    if (Symbol.iterator in mapped) for (const one of mapped) this.#deliver(op.outs, { ...record, ...one })
    else this.#deliver(op.outs, { ...record, ...mapped })
  }

  #send(op: Op & { kind: 'sink' }, { key, value, timestamp }: Rec<string, any>, { history }: Origin): void {
    const bytes = value === null ? null : op.topic.value.encode(value)
    checkSize(op.topic, key, bytes)
    const headers = history === undefined ? undefined : { [historyHeader]: history }
    this.#outputs.add(op, { key, value: bytes, timestamp, headers })
  }

  #stepOf(plan: StepPlan): Step {
    if (this.#receiver?.plan !== plan) this.#receiver = this.#byPlan.get(plan) as Step
    return this.#receiver
  }
}

/** Whether it is about the record: then that is left out. What is about us is not the record's fault. */
function isSkipped(error: unknown): boolean {
  return !(error instanceof MillraceError) || error.remedy === 'skip'
}

/** One multi-get per state for all keys of the queue. */
function prefetch(step: Step): void {
  const { queue, tasks } = step
  const { stateKey } = step.plan.processor
  if (stateKey !== undefined) {
    for (const task of tasks) if (task) fetch(task, [stateKey])
    return
  }
  if (tasks.length === 1) {
    fetch(
      tasks[0],
      queue.filter(({ role }) => role === 'record').map(({ key }) => key)
    )
    return
  }
  const keys: string[][] = tasks.map(() => [])
  for (const { partition, key, role } of queue) if (role === 'record') keys[partition].push(key)
  for (const task of tasks) if (task) fetch(task, keys[task.partition])
}

function fetch(task: StepTask, keys: string[]): void {
  if (keys.length === 0) return
  for (const cache of task.caches) cache.prefetch(keys)
}
