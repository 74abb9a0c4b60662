import test from 'ava'
import { metricList } from './metric-list.ts'
import { type StartedInstance, startInstance } from './testing/instance.ts'
import { runMillrace } from './testing/run-millrace.ts'

/** Not in a process of its own that is well: what they tell needs Kafka, or very many items. */
const elsewhere = new Set([
  'millrace_restore_progress_ratio',
  'millrace_stopped_tasks',
  'millrace_vector_graph_builds_total'
])
const samplesMs = 20_000

async function post(url: string, body: unknown): Promise<any> {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  return await response.json()
}

/** What a small shop does: rows, visits, an event that comes twice, one that cannot be used, and a click on a list. */
async function trade({ url, directory }: StartedInstance): Promise<void> {
  const products = Array.from({ length: 20 }, (_, i) => ({
    product_id: `p${i}`,
    title: `Cup ${i}`,
    price: 2,
    stock: 3
  }))
  await post(`${url}/v1/tables/products`, products)
  const view = (user: number, i: number) => ({
    event_id: `e${user}-${i}`,
    user_id: `u${user}`,
    session_id: `s${user}`,
    event_type: 'view',
    product_id: `p${(user + i) % 20}`
  })
  const events = Array.from({ length: 60 }, (_, i) => view(i % 6, Math.floor(i / 6)))
  const { token } = await post(`${url}/v1/events`, { events: [...events, events[0]] })
  const unreadable = { topic: 'interactions', partition: 0, timestamp: Date.now(), key: 's9', value: 'no Avro' }
  const importing = ['topic', 'import', 'interactions', '-', '--data', directory]
  await runMillrace(importing, { cwd: directory, input: `${JSON.stringify(unreadable)}\n` })
  const ask = { surface: 'home', user_id: 'u1', session_id: 's1', limit: 20 }
  const { items } = await post(`${url}/v1/recommendations?after=${token}`, ask)
  const seen = new Set(events.filter(({ user_id }) => user_id === 'u1').map(({ product_id }) => product_id))
  const { product_id } = items.find((item: { product_id: string }) => !seen.has(item.product_id))
  const click = { ...view(1, 99), product_id }
  const clicked = await post(`${url}/v1/events`, click)
  await post(`${url}/v1/recommendations?after=${clicked.token}`, ask)
}

/** Of the exposition: value by name and labels. */
async function scrape({ adminUrl }: StartedInstance): Promise<Map<string, number>> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text()
  const lines = text.split('\n').filter(line => line.startsWith('millrace_'))
  return new Map(lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]))
}

const families = metricList.map(({ name }) => name as string).filter(name => !elsewhere.has(name))
const isOf = (family: string, sample: string) =>
  sample.replace(/_(bucket|sum|count)(?=\{|$)/, '').split('{')[0] === family

test('every metric that a process of its own can have is there after a little trade, with plausible values', async t => {
  const instance = await startInstance(t, ['--no-demo'])
  await trade(instance)
  const expected: Record<string, (value: number) => boolean> = {
    millrace_duplicates_total: value => value === 1,
    millrace_late_records_total: value => value === 0,
    'millrace_records_processed_total{topology="admit-events",step="admit-events"}': value => value >= 61,
    'millrace_events_total{outcome="accepted"}': value => value === 62,
    millrace_event_to_serve_seconds_count: value => value > 0,
    'millrace_next_item_predictions_total{surface="home",outcome="hit"}': value => value > 0,
    'millrace_state_staleness_seconds{view="sessions"}': value => value >= 0 && value < 10,
    'millrace_store_keys{store="item-catalog"}': value => value === 20,
    millrace_blend_version: value => value >= 0,
    millrace_basket_version: value => value >= 0
  }
  let samples = await scrape(instance)
  const missing = () => [
    ...families.filter(family => ![...samples.keys()].some(sample => isOf(family, sample))),
    ...Object.entries(expected).flatMap(([sample, holds]) => (holds(samples.get(sample) ?? Number.NaN) ? [] : [sample]))
  ]
  for (const until = performance.now() + samplesMs; missing().length > 0 && performance.now() < until; ) {
    await new Promise(resolve => setTimeout(resolve, 500))
    samples = await scrape(instance)
  }
  t.deepEqual(missing(), [])
  const labelled = [...samples.keys()].filter(sample => sample.startsWith('millrace_consumer_lag_records'))
  t.true(labelled.length > 0)
  t.true(labelled.every(sample => !sample.includes('topology="millrace"')))
})
