import test from 'ava'
import { loadConfig } from '../../schemas/config.ts'
import { edgeSettings } from './edge-settings.ts'

const settingsOf = (env: Record<string, string>) => edgeSettings(loadConfig({ env }).config)

test('limits per key, token and address are those of the configuration, 0 is none', t => {
  t.deepEqual(settingsOf({}).rateLimits, {
    perKey: { perSecond: 5_000, burst: 25_000 },
    perToken: { perSecond: 20, burst: 100 },
    perIp: null
  })
  const { rateLimits } = settingsOf({
    MILLRACE_HTTP_RATE_LIMITS_KEY_PER_S: '0',
    MILLRACE_HTTP_RATE_LIMITS_ADDRESS_PER_S: '3'
  })
  t.deepEqual([rateLimits.perKey, rateLimits.perIp], [null, { perSecond: 3, burst: 15 }])
})

test('events.max_age holds for live events in hours, days or years', t => {
  const hourMs = 3_600_000
  t.is(settingsOf({}).eventMaxAgeMs, 730 * 24 * hourMs)
  t.is(settingsOf({ MILLRACE_EVENTS_MAX_AGE: '36h' }).eventMaxAgeMs, 36 * hourMs)
  t.is(settingsOf({ MILLRACE_EVENTS_MAX_AGE: '30d' }).eventMaxAgeMs, 30 * 24 * hourMs)
})
