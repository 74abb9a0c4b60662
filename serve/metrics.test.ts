import test from 'ava'
import { metricList } from './metric-list.ts'
import { createMetrics } from './metrics.ts'

test('a histogram is exposed with cumulative buckets, sum and count', async t => {
  const metrics = createMetrics({ version: '1.2.3' })
  metrics.observe('millrace_commit_duration_seconds', 0.02, ['a'])
  metrics.observe('millrace_commit_duration_seconds', 100, ['a'])
  const { body } = await metrics.expose()
  metrics.close()
  t.regex(body, /^# TYPE millrace_commit_duration_seconds histogram$/m)
  t.regex(body, /^millrace_commit_duration_seconds_bucket\{le="0.01",group="a"\} 0$/m)
  t.regex(body, /^millrace_commit_duration_seconds_bucket\{le="0.025",group="a"\} 1$/m)
  t.regex(body, /^millrace_commit_duration_seconds_bucket\{le="\+Inf",group="a"\} 2$/m)
  t.regex(body, /^millrace_commit_duration_seconds_sum\{group="a"\} 100.02$/m)
  t.regex(body, /^millrace_commit_duration_seconds_count\{group="a"\} 2$/m)
})

test('counters and gauges are exposed under their labels, beside the defaults of the runtime', async t => {
  const metrics = createMetrics({ version: '1.2.3' })
  metrics.add('millrace_dlq_records_total', ['clicks', 'missing_field'], 2)
  metrics.set('millrace_store_bytes', 7, ['sessions'])
  const { body } = await metrics.expose()
  metrics.close()
  t.regex(body, /^millrace_dlq_records_total\{topology="clicks",code="missing_field"\} 2$/m)
  t.regex(body, /^millrace_store_bytes\{store="sessions"\} 7$/m)
  t.regex(body, /^millrace_build_info\{version="1.2.3",node="v\d/m)
  t.regex(body, /^nodejs_heap_size_used_bytes /m)
})

test('label values beyond the bound are counted together', async t => {
  const metrics = createMetrics({ version: '1' })
  for (let i = 0; i < 2_100; i++) metrics.add('millrace_dlq_records_total', ['t', `code-${i}`])
  const { body } = await metrics.expose()
  metrics.close()
  t.regex(body, /^millrace_dlq_records_total\{topology="other",code="other"\} 100$/m)
  t.is(body.match(/^millrace_dlq_records_total\{/gm)?.length, 2_001)
})

test('every metric has a help text, a prefix and no label for ids', t => {
  for (const { name, help, labels } of metricList) {
    t.true(name.startsWith('millrace_'))
    t.true(help.length > 5)
    t.false(labels.some(label => /user|product_id|session_id/.test(label)))
  }
})
