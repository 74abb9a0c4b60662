import type { Config } from '../../schemas/config.ts'
import { durationMs } from '../../schemas/config-kinds.ts'
import { secretsOf } from './auth.ts'
import { rateLimitsOf } from './rate-limits.ts'

/** What the configuration says of the edge. */
export function edgeSettings({ api_keys, insecure, http, events }: Config) {
  return {
    auth: { keys: secretsOf(api_keys) },
    insecure,
    corsOrigins: http.cors_origins,
    rateLimits: rateLimitsOf(http.rate_limits),
    eventMaxAgeMs: durationMs(events.max_age)
  }
}
