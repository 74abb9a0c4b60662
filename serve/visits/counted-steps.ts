import type { VisitIndex } from '../../recommend/visit-index.ts'
import { isErasure, type SessionErasure, type SessionStep } from '../../schemas/session-step.ts'
import type { Metrics } from '../metrics.ts'
import type { FollowedAnswers } from './followed-answers.ts'
import type { StepReader } from './step-tail.ts'

/** Feeds the session index, and compares each step with the list that was shown before it. */
export class CountedSteps implements StepReader {
  readonly #visits: VisitIndex
  readonly #followed: FollowedAnswers

  constructor(visits: VisitIndex, followed: FollowedAnswers) {
    this.#visits = visits
    this.#followed = followed
  }

  get nextOffset(): number {
    return this.#visits.nextOffset
  }

  observe(step: SessionStep | SessionErasure, offset: number): void {
    if (!isErasure(step) && this.#visits.feed.isEvidence(step)) this.#followed.stepped(step)
    this.#visits.observe(step, offset)
  }
}

/** To be called now and then. */
export function reportBlend({ blend }: VisitIndex, metrics: Pick<Metrics, 'set'>): void {
  metrics.set('millrace_blend_version', blend.version)
  metrics.set('millrace_blend_withheld', blend.withheld)
  metrics.set('millrace_blend_lead', blend.lead)
}
