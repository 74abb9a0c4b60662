import { codeOf } from '../../engine/errors.ts'
import type { Config } from '../../schemas/config.ts'
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

export const noRateLimits: RateLimitOptions = { perKey: null, perToken: null, perIp: null }

const burstS = 5

/** As the configuration has them; bursts are of five seconds' worth. */
export function rateLimitsOf({
  key_per_s,
  token_per_s,
  address_per_s
}: Config['http']['rate_limits']): RateLimitOptions {
  return { perKey: rateOf(key_per_s), perToken: rateOf(token_per_s), perIp: rateOf(address_per_s) }
}

function rateOf(perSecond: number): Rate | null {
  return perSecond === 0 ? null : { perSecond, burst: perSecond * burstS }
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
