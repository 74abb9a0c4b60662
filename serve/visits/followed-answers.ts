import type { SessionStep } from '../../schemas/session-step.ts'

/** Who counts: `millrace_next_item_predictions_total`. */
export type CountOutcome = (surface: string, outcome: 'hit' | 'miss') => void

interface Answered {
  surface: string
  at: number
  productIds: readonly string[]
}

/** A list is compared with what comes within this time. */
const keptMs = 30 * 60_000

/**
 * How often the next step of a visit was in the list shown before it: the live counterpart of `millrace evaluate`. The
 * newest list of a visit is compared with the first step after it. Of at most `visitsMax` visits (about 1 KB each); the one
 * answered longest ago is forgotten, and its next step not counted.
 */
export class FollowedAnswers {
  readonly #count: CountOutcome
  readonly #visitsMax: number
  readonly #answered = new Map<string, Answered>()

  constructor(count: CountOutcome, visitsMax = 20_000) {
    this.#count = count
    this.#visitsMax = visitsMax
  }

  answered(visit: string, answer: Answered): void {
    this.#answered.delete(visit)
    this.#answered.set(visit, answer)
    if (this.#answered.size > this.#visitsMax) this.#answered.delete(this.#answered.keys().next().value as string)
  }

  forget(visit: string): void {
    this.#answered.delete(visit)
  }

  /** Every step that is no revision. */
  stepped({ session_id, product_id, ts }: Pick<SessionStep, 'session_id' | 'product_id' | 'ts'>): void {
    const answer = this.#answered.get(session_id)
    if (answer === undefined || ts < answer.at) return
    this.#answered.delete(session_id)
    if (ts - answer.at <= keptMs) this.#count(answer.surface, answer.productIds.includes(product_id) ? 'hit' : 'miss')
  }
}
