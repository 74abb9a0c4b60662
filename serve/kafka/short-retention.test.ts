import test from 'ava'
import { codeOf } from '../../engine/errors.ts'
import type { TopicSpec } from '../../engine/log/log.ts'
import { refuseOlder, saidOf, shortRetentions } from './short-retention.ts'

const day = 86_400_000
const spec = (name: string, more: Partial<TopicSpec> = {}): TopicSpec => ({
  name,
  partitions: 1,
  cleanup: 'delete',
  recordBytesMax: 1_000,
  ...more
})
const derived = new Map([
  ['clicks', ['by-session']],
  ['by-session', ['acts', 'by-session']]
])
const now = Date.UTC(2025, 5, 1)
const at = (daysAgo: number) => ({ timestamp: now - daysAgo * day })

test('only topics that may keep less, and do, are said', t => {
  const declared = [
    spec('clicks', { mayKeepLess: true }),
    spec('acts', { mayKeepLess: true }),
    spec('steps', { mayKeepLess: true, retentionMs: 5 * day }),
    spec('other')
  ]
  const existing = [
    spec('clicks', { retentionMs: 30 * day }),
    spec('acts'),
    spec('steps', { retentionMs: 5 * day }),
    spec('other', { retentionMs: day })
  ]
  const short = shortRetentions(declared, existing)
  t.deepEqual(short, [{ topic: 'clicks', keptMs: 30 * day }])
  t.regex(saidOf(short[0]), /^topic clicks keeps records for 30 days/)
})

test('records older than their topic keeps are refused, newer ones are not', t => {
  const short = [{ topic: 'clicks', keptMs: 30 * day }]
  t.notThrows(() => refuseOlder([at(29), at(0)], 'clicks', { short, derived, now }))
  const error = t.throws(() => refuseOlder([at(0), at(31)], 'clicks', { short, derived, now }))
  t.is(codeOf(error), 'records_not_kept')
  t.regex(error?.message ?? '', /^Topic clicks keeps records for 30 days, and one of 2025-05-01T.* is older: .*\.$/)
})

test('what is made of the records has to be kept, too; what is not made of them has not', t => {
  const short = [{ topic: 'acts', keptMs: day }]
  t.throws(() => refuseOlder([at(2)], 'clicks', { short, derived, now }))
  t.notThrows(() => refuseOlder([at(2)], 'orders', { short, derived, now }))
})
