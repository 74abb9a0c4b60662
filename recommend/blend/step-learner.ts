import type { RetrievalParameters } from '../session-index/parameters.ts'
import { type IndexedStep, StepFeed } from '../session-index/step-feed.ts'
import { type SavedLearner, SessionLearner, targetWeights } from './session-learner.ts'

/**
 * The learner of the blend on the topic `session-steps`. It has to predict a step before the index knows it, so the index
 * is one step behind: a step is observed when the next one comes.
 */
export class StepLearner {
  readonly feed: StepFeed
  private coming: { step: IndexedStep; offset: number } | null = null
  private learner: SessionLearner | null = null

  constructor(parameters?: RetrievalParameters) {
    this.feed = new StepFeed(parameters)
  }

  /** Every step in order of offset; those before are evidence from now on. */
  take(step: IndexedStep, offset: number): void {
    this.pass()
    this.coming = { step, offset }
  }

  /** What comes next is no step. */
  pass(): void {
    if (this.coming) this.feed.observe(this.coming.step, this.coming.offset)
    this.coming = null
  }

  /** Learns from the step taken last. `saved`: called once, for what was learned before. Null: nothing to learn from it. */
  learn(saved: () => SavedLearner | undefined): SessionLearner | null {
    this.learner ??= new SessionLearner(this.feed.index, { state: saved() })
    if (!this.coming) return null
    const { step, offset } = this.coming
    const session = this.feed.sessionOf(step)
    if (session < 0 || !this.feed.isEvidence(step)) return null
    const timeS = Math.floor(step.ts / 1000)
    const item = this.feed.index.find(step.product_id)
    const event = { session, item, timeS, offset, weight: targetWeights[step.event_type] }
    return this.learner.learn(event) ? this.learner : null
  }
}
