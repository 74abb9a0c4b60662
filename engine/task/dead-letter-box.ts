import type { Clock } from '../clock.ts'
import { codeOf } from '../errors.ts'
import { type DeadLetter, deadLetter, viewDeadLetter } from './dead-letter.ts'
import type { Origin } from './inputs.ts'
import { deadLetters, type OutputSink } from './outputs.ts'
import type { RefusedView, ViewRefusals } from './views.ts'

export interface DeadLetterBoxOptions {
  outputs: OutputSink
  /** Of `dead-letters`. */
  partitions: number
  clock: Clock
}

/** Writes dead letters into the unit of work, and counts them. */
export class DeadLetterBox implements ViewRefusals {
  readonly #options: DeadLetterBoxOptions
  /** By topology and code, with a space between. */
  readonly counts = new Map<string, number>()

  constructor(options: DeadLetterBoxOptions) {
    this.#options = options
  }

  /** A source record that a step, or nobody, could take. */
  bury(origin: Origin, error: unknown, at: { topology: string; step: string }): void {
    const letter = deadLetter(origin, error, { ...at, time: this.#options.clock.now() })
    this.#add(letter, { timestamp: origin.timestamp, topology: at.topology, code: codeOf(error) })
  }

  refuse(view: RefusedView): void {
    const time = this.#options.clock.now()
    const letter = viewDeadLetter(view, time)
    this.#add(letter, { timestamp: time, topology: view.topology, code: letter.headers['millrace.error.code'] })
  }

  #add(letter: DeadLetter, { timestamp, topology, code }: { timestamp: number; topology: string; code: string }): void {
    const { outputs, partitions } = this.#options
    outputs.add({ log: deadLetters, partitions }, { ...letter, timestamp })
    const id = `${topology} ${code}`
    this.counts.set(id, (this.counts.get(id) ?? 0) + 1)
  }
}
