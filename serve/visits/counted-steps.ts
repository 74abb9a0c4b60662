import type { Shop } from '../../recommend/shop.ts'
import type { VisitIndex } from '../../recommend/visit-index.ts'
import { isErasure, type SessionErasure, type SessionStep } from '../../schemas/session-step.ts'
import type { Metrics } from '../metrics.ts'
import type { FollowedAnswers } from './followed-answers.ts'
import type { StepReader } from './step-tail.ts'

export interface CountedStepsOptions {
  visits: VisitIndex
  followed: FollowedAnswers
  /** What else is remembered of the two for a while. */
  forget: (userId: string, sessionId: string) => void
}

/** Feeds the session index, and compares each step with the list that was shown before it. */
export class CountedSteps implements StepReader {
  readonly #visits: VisitIndex
  readonly #followed: FollowedAnswers
  readonly #forget: CountedStepsOptions['forget']
  /** To be set by whoever can read the topic again; without, visits stay in the index until they are too old for it. */
  onErasure: ((erasure: SessionErasure, offset: number) => void) | null = null

  constructor({ visits, followed, forget }: CountedStepsOptions) {
    this.#visits = visits
    this.#followed = followed
    this.#forget = forget
  }

  get nextOffset(): number {
    return this.#visits.nextOffset
  }

  observe(step: SessionStep | SessionErasure, offset: number): void {
    if (isErasure(step)) this.#erase(step, offset)
    else if (this.#visits.feed.isEvidence(step)) this.#followed.stepped(step)
    this.#visits.observe(step, offset)
  }

  #erase(erasure: SessionErasure, offset: number): void {
    this.#followed.forget(erasure.session_id)
    this.#forget(erasure.user_id, erasure.session_id)
    this.onErasure?.(erasure, offset)
  }
}

/** To be called now and then. */
export function reportLearned(
  { visits, orders }: Pick<Shop, 'visits' | 'orders'>,
  metrics: Pick<Metrics, 'set'>
): void {
  const { blend } = visits
  metrics.set('millrace_blend_version', blend.version)
  metrics.set('millrace_blend_withheld', blend.withheld)
  metrics.set('millrace_blend_lead', blend.lead)
  const { basket } = orders
  metrics.set('millrace_basket_version', basket.version)
  metrics.set('millrace_basket_withheld', basket.withheld)
  metrics.set('millrace_basket_lead', basket.lead)
}
