import test from 'ava'
import { loadConfig } from '../../schemas/config.ts'
import { edgeSettings } from './edge-settings.ts'

const settingsOf = (env: Record<string, string>) => edgeSettings(loadConfig({ env }).config)

test('events.max_age holds for live events in hours, days or years', t => {
  const hourMs = 3_600_000
  t.is(settingsOf({}).eventMaxAgeMs, 730 * 24 * hourMs)
  t.is(settingsOf({ MILLRACE_EVENTS_MAX_AGE: '36h' }).eventMaxAgeMs, 36 * hourMs)
  t.is(settingsOf({ MILLRACE_EVENTS_MAX_AGE: '30d' }).eventMaxAgeMs, 30 * 24 * hourMs)
})
