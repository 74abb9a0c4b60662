/** Token buckets: `perSecond` on average, `burst` at once. */
export interface Rate {
  perSecond: number
  burst: number
}

interface Bucket {
  tokens: number
  atMs: number
}

export interface RateLimiter {
  /** 0 = go on; else milliseconds until `cost` would be there. */
  take(key: string, nowMs: number, cost?: number): number
  readonly size: number
}

/**
 * Buckets by key. When the table is full, the bucket that was used longest ago makes room: its owner starts afresh, so a
 * limit may be exceeded by one burst per `entriesMax` other callers.
 */
export function createRateLimiter(rate: Rate, entriesMax = 50_000): RateLimiter {
  const buckets = new Map<string, Bucket>()
  return {
    take(key, nowMs, cost = 1) {
      const known = buckets.get(key)
      const bucket = known ?? { tokens: rate.burst, atMs: nowMs }
      if (known === undefined) {
        if (buckets.size >= entriesMax) buckets.delete(buckets.keys().next().value as string)
      } else {
        // To the end of the table's order: last used.
        buckets.delete(key)
        bucket.tokens = Math.min(rate.burst, bucket.tokens + ((nowMs - bucket.atMs) * rate.perSecond) / 1000)
        bucket.atMs = nowMs
      }
      buckets.set(key, bucket)
      // A request that costs more than a burst passes with a full bucket and leaves a debt.
      if (bucket.tokens >= Math.min(cost, rate.burst)) {
        bucket.tokens -= cost
        return 0
      }
      return ((Math.min(cost, rate.burst) - bucket.tokens) * 1000) / rate.perSecond
    },
    get size() {
      return buckets.size
    }
  }
}
