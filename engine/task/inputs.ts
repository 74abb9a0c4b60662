import type { Log, RecordBatch } from '../log/log.ts'
import { historyHeader } from '../record.ts'
import type { SourcePlan } from './plan.ts'
import { placed } from './task-errors.ts'

const readBytes = 256 * 1024
/** How soon a record that could not be told is looked at again. */
const retryMs = 5_000

/** One source record on its way through the steps; what comes of it carries it along. */
export interface Origin {
  input: Input
  batch: RecordBatch
  index: number
  offset: number
  timestamp: number
  /** Name of the bulk load it belongs to, if any. */
  history: string | undefined
}

/** One topic partition being read: position, what was fetched, and the order of its head among other inputs. */
export class Input {
  readonly source: SourcePlan
  readonly partition: number
  position = 0
  committed = 0
  #log: Pick<Log, 'read' | 'startOffset' | 'endOffset'>
  #batch: RecordBatch | null = null
  #index = 0
  #liveMax = Number.NEGATIVE_INFINITY
  #historyMax = Number.NEGATIVE_INFINITY
  /** Order of the head: its running-maximum event time. */
  headTime = 0
  headHistory: string | undefined
  /** Of the task that reads it; inputs of one task wait for each other. Null: ticks, which wait for all of their partition. */
  task: string | null = null
  /** Not read from while this holds: what its task needs is still being built. */
  isHeld = false
  /** Nor before this moment of the monotonic clock. */
  heldUntil = Number.NEGATIVE_INFINITY
  /** Since when nothing has arrived although something is there; NaN while that is not so. */
  #lagsSince = Number.NaN

  constructor(log: Pick<Log, 'read' | 'startOffset' | 'endOffset'>, source: SourcePlan, partition: number) {
    this.#log = log
    this.source = source
    this.partition = partition
  }

  /** Is a record here? Fetches when the last fetch is used up. */
  peek(isHistoryRunning: boolean): boolean {
    let batch = this.#batch
    if (!batch || this.#index >= batch.count) {
      if (batch) this.position = batch.nextOffset
      batch = this.#batch = this.#fetch()
      this.#index = 0
      if (!batch || batch.count === 0) {
        this.#batch = null
        if (batch) this.position = batch.nextOffset
        return false
      }
    }
    const history = batch.headers(this.#index)?.[historyHeader]
    const timestamp = batch.timestamp(this.#index)
    this.headHistory = history
    this.#lagsSince = Number.NaN
    if (history === undefined) {
      if (timestamp > this.#liveMax) this.#liveMax = timestamp
      // What happens now is not kept waiting behind the history that is being loaded.
      this.headTime = isHistoryRunning ? Number.NEGATIVE_INFINITY : this.#liveMax
    } else {
      if (timestamp > this.#historyMax) this.#historyMax = timestamp
      this.headTime = this.#historyMax
    }
    return true
  }

  #fetch(): RecordBatch | null {
    try {
      return this.#log.read(this.source.log, this.partition, this.position, readBytes)
    } catch (error) {
      throw placed(error, { input: this })
    }
  }

  /** Takes the head that `peek` showed. */
  take(): Origin {
    const batch = this.#batch as RecordBatch
    const index = this.#index++
    const offset = batch.offset(index)
    this.position = index + 1 < batch.count ? batch.offset(index + 1) : batch.nextOffset
    return { input: this, batch, index, offset, timestamp: batch.timestamp(index), history: this.headHistory }
  }

  /** The record just taken is looked at again at `time` of the monotonic clock; nothing behind it is taken before. */
  putBack({ offset }: Origin, time: number): void {
    this.#index--
    this.position = offset
    this.heldUntil = time
  }

  /** Nothing has arrived though something is there, for less than `idleMs`. To be asked after a `peek` that found nothing. */
  isAwaited(now: number, idleMs: number): boolean {
    if (this.lag === 0) {
      this.#lagsSince = Number.NaN
      return false
    }
    if (Number.isNaN(this.#lagsSince)) this.#lagsSince = now
    return now - this.#lagsSince < idleMs
  }

  /** Records not yet taken. */
  get lag(): number {
    return Math.max(0, this.#log.endOffset(this.source.log, this.partition) - this.position)
  }

  seek(offset: number): void {
    this.position = this.committed = Math.max(offset, this.#log.startOffset(this.source.log, this.partition))
    this.#batch = null
    this.#index = 0
  }

  rewind(): void {
    this.seek(this.committed)
  }
}

/**
 * Takes records of several inputs in the order (running-maximum event time, source rank, partition, offset) among what
 * has arrived (DESIGN 3).
 */
export class InputMerger {
  /** In order of rank, then partition. */
  readonly inputs: Input[] = []
  isHistoryRunning = false
  readonly #idle: IdleOptions
  #ready: Input[] = []

  constructor(idle: IdleOptions) {
    this.#idle = idle
  }

  add(input: Input): void {
    this.inputs.push(input)
    this.inputs.sort((a, b) => a.source.rank - b.source.rank || a.partition - b.partition)
  }

  remove(input: Input): void {
    this.inputs.splice(this.inputs.indexOf(input), 1)
  }

  /** Up to `countMax` records, handed to `take` one by one; what it does not want now it says by false, which ends the run. */
  drain(countMax: number, take: (origin: Origin) => boolean): number {
    const ready = this.#findReady()
    let count = 0
    while (ready.length > 0 && count < countMax) {
      const best = firstOf(ready)
      const bound = secondTime(ready, best)
      do {
        const origin = best.take()
        if (origin.history !== undefined) this.isHistoryRunning = true
        if (!take(origin)) {
          best.putBack(origin, this.#idle.now() + retryMs)
          return count
        }
        count++
        if (!best.peek(this.isHistoryRunning)) {
          ready.splice(ready.indexOf(best), 1)
          if (this.#idle.idleMs > 0 && best.lag > 0 && ready.some(other => waitsFor(other, best))) return count
          break
        }
      } while (best.headTime < bound && count < countMax)
    }
    return count
  }

  /** Inputs that have a record, without those whose task waits for another one. */
  #findReady(): Input[] {
    const ready = this.#ready
    ready.length = 0
    let awaited: Input[] | null = null
    const { idleMs } = this.#idle
    const now = this.#idle.now()
    for (const input of this.inputs) {
      const isHeld = input.isHeld || input.heldUntil > now
      const isReady = !isHeld && input.peek(this.isHistoryRunning)
      const isAwaited = isHeld || (!isReady && idleMs > 0 && input.isAwaited(now, idleMs))
      if (isReady) ready.push(input)
      if (isAwaited) awaited = [...(awaited ?? []), input]
    }
    if (!awaited) return ready
    const others = awaited
    this.#ready = ready.filter(input => !others.some(other => waitsFor(input, other)))
    return this.#ready
  }
}

interface IdleOptions {
  /** How long the inputs of a task wait for one of them, where records take time to arrive; 0: not at all. */
  idleMs: number
  now: () => number
}

function waitsFor(input: Input, other: Input): boolean {
  return input.task === null ? input.partition === other.partition : input.task === other.task
}

/** `ready` is in order of rank and partition, so the first of equals is the right one. */
function firstOf(ready: Input[]): Input {
  let best = ready[0]
  for (const input of ready) if (input.headTime < best.headTime) best = input
  return best
}

function secondTime(ready: Input[], best: Input): number {
  let bound = Number.POSITIVE_INFINITY
  for (const input of ready) if (input !== best && input.headTime < bound) bound = input.headTime
  return bound
}
