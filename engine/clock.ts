/** Wall time for the rim of the engine (commit intervals, dead-letter headers); processors have only event time. */
export interface Clock {
  /** ms since 1970 */
  now(): number
  /** ms that never go back */
  monotonic(): number
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }
