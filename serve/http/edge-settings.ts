import type { Config } from '../../schemas/config.ts'
import { secretsOf } from './auth.ts'

/** What the configuration says of the edge. */
export function edgeSettings({ api_keys, insecure, http, events }: Config) {
  return {
    auth: { keys: secretsOf(api_keys) },
    insecure,
    corsOrigins: http.cors_origins,
    eventMaxAgeMs: events.max_age_days * 86_400_000
  }
}
