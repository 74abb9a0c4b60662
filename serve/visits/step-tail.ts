import { MillraceError } from '../../engine/errors.ts'
import type { Log, RecordBatch } from '../../engine/log/log.ts'
import type { SessionErasure, SessionStep } from '../../schemas/session-step.ts'
import { sessionSteps } from '../../schemas/topics.ts'

/** What takes the steps: the session index of serving. */
export interface StepReader {
  /** The first offset it has not seen. */
  readonly nextOffset: number
  observe(step: SessionStep | SessionErasure, offset: number): void
}

export interface StepTailOptions {
  log: Pick<Log, 'read' | 'startOffset' | 'endOffset'>
  steps: StepReader
  /** Called whenever everything that is on the log has been taken. */
  onCaughtUp: () => void
}

const topic = sessionSteps.name
const sliceMs = 2
const readBytes = 256 << 10
/** The clock is asked after so many steps. */
const stepsPerLook = 32
const retryMs = 500

/** Reads `session-steps` on from where its reader stands, ≤ 2 ms of the thread in one turn. */
export class StepTail {
  readonly #options: StepTailOptions
  #position: number
  #batch: RecordBatch | null = null
  #place = 0
  #isRunning = false
  #isHeld = false
  #isClosed = false

  constructor(options: StepTailOptions) {
    this.#options = options
    this.#position = Math.max(options.steps.nextOffset, options.log.startOffset(topic, 0))
  }

  /** Steps on the log that have not been taken. */
  get left(): number {
    return Math.max(0, this.#options.log.endOffset(topic, 0) - this.#position)
  }

  /** Whatever is on the log before it has been taken. */
  get position(): number {
    return this.#position
  }

  /** There may be news: what fits into a slice is taken before this returns. */
  poke(): void {
    if (!this.#isRunning) this.#run()
  }

  /** Steps stay on the log until `release`. */
  hold(): void {
    this.#isHeld = true
  }

  release(): void {
    this.#isHeld = false
    this.poke()
  }

  /** Before the log is closed. */
  close(): void {
    this.#isClosed = true
  }

  #run(): void {
    this.#isRunning = false
    if (this.#isClosed || this.#isHeld) return
    try {
      this.#isRunning = this.#takeSlice()
    } catch (error) {
      // A schema that cannot be told now is no bad record: it waits.
      if (!(error instanceof MillraceError) || error.remedy !== 'retry') throw error
      this.#isRunning = true
      setTimeout(() => this.#run(), retryMs)
      return
    }
    if (this.#isRunning) setImmediate(() => this.#run())
    else this.#options.onCaughtUp()
  }

  /** Returns whether there is more. */
  #takeSlice(): boolean {
    const { log } = this.#options
    const until = performance.now() + sliceMs
    for (;;) {
      this.#batch ??= log.read(topic, 0, this.#position, readBytes)
      if (!this.#batch) return false
      while (this.#place < this.#batch.count) {
        this.#take(this.#batch, this.#place)
        this.#place++
        if (this.#place % stepsPerLook === 0 && performance.now() >= until) return true
      }
      this.#position = this.#batch.nextOffset
      this.#place = 0
      this.#batch = null
    }
  }

  /** What cannot be read was a dead letter of the stream as well, and is no evidence. */
  #take(batch: RecordBatch, place: number): void {
    const step = decodedStep(batch.value(place))
    if (step) this.#options.steps.observe(step, batch.offset(place))
  }
}

export function decodedStep(bytes: Buffer | null): SessionStep | SessionErasure | null {
  if (bytes === null) return null
  try {
    return sessionSteps.value.decode(bytes)
  } catch (error) {
    if (error instanceof MillraceError && error.remedy === 'skip') return null
    throw error
  }
}
