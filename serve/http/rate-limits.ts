import { codeOf } from '../../engine/errors.ts'
import type { Identity } from './auth.ts'
import { Problem } from './problem.ts'
import { createRateLimiter, type Rate, type RateLimiter } from './rate-limit.ts'

/** null = no limit. */
export interface RateLimitOptions {
  perKey: Rate | null
  perToken: Rate | null
  /** Of callers without a key or with a wrong one, by address. */
  perIp: Rate | null
}

export const defaultRateLimits: RateLimitOptions = {
  perKey: null,
  perToken: { perSecond: 20, burst: 100 },
  perIp: null
}

export interface RateLimits {
  /** Throws `rate_limited`. */
  take(identity: Identity, ip: string): void
  /** Charges the address for a credential that turns out wrong. */
  guard<T>(ip: string, look: () => T): T
}

export function createRateLimits(options: RateLimitOptions): RateLimits {
  const limiter = (rate: Rate | null) => (rate === null ? null : createRateLimiter(rate))
  const byKind = { key: limiter(options.perKey), token: limiter(options.perToken), local: limiter(options.perIp) }
  return {
    take(identity, ip) {
      const own = byKind[identity.kind]
      if (own !== null) take(own, identity.kind === 'local' ? ip : identity.name)
    },
    guard(ip, look) {
      try {
        return look()
      } catch (error) {
        if (byKind.local !== null && codeOf(error) === 'unauthenticated') take(byKind.local, ip)
        throw error
      }
    }
  }
}

function take(limiter: RateLimiter, key: string): void {
  const waitMs = limiter.take(key, performance.now())
  if (waitMs > 0) {
    const retryAfterS = Math.ceil(waitMs / 1000)
    throw new Problem('rate_limited', `Too many requests; wait ${retryAfterS} s.`, { retryAfterS })
  }
}
