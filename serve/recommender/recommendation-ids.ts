import { randomBytes } from 'node:crypto'

/** `rec_` and what no other process or start has: 96 random bits once, then a count. */
export function newRecommendationIds(): () => string {
  const start = `rec_${randomBytes(12).toString('base64url')}`
  let count = 0
  return () => `${start}${(count++).toString(36)}`
}
