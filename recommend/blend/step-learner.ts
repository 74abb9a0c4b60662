import type { RetrievalParameters } from '../session-index/parameters.ts'
import { type IndexedStep, StepFeed } from '../session-index/step-feed.ts'
import { type SavedLearner, SessionLearner, targetWeights } from './session-learner.ts'

/**
 * The learner of the blend on the topic `session-steps`. It has to predict a step before the index knows it, so the index
 * is one step behind: a step is observed when the next one comes.
 *
 * A step in the same second as the newest of its visit is no target: lines of one order, and other acts that came in
 * bulk, have no order among themselves to learn from.
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
    if (this.coming) this.feed.observe(this.coming.step, this.coming.offset)
    this.coming = { step, offset }
  }

  /** Learns from the step taken last. `saved`: called once, for what was learned before. Null: nothing to learn from it. */
  learn(saved: () => SavedLearner | undefined): SessionLearner | null {
    this.learner ??= new SessionLearner(this.feed.index, { state: saved() })
    if (!this.coming) return null
    const { step, offset } = this.coming
    const { index } = this.feed
    const session = this.feed.sessionOf(step)
    const timeS = Math.floor(step.ts / 1000)
    if (session < 0 || timeS === index.sessions.timeOf(session) || this.feed.isRevision(step)) return null
    const item = index.find(step.product_id)
    const event = { session, item, timeS, offset, weight: targetWeights[step.event_type] }
    return this.learner.learn(event) ? this.learner : null
  }
}
