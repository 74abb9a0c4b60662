/**
 * How soon an event that one replica has accepted is in the answers of another, on Kafka.
 *
 *     npm run bench -- freshness [--json] [--events 300] [--rate 200] [--intervals 100,1000]
 *
 * A broker, one stream worker and two replicas as processes. A visitor's first event goes to one replica; from its 202 on
 * the other one is asked again and again, every few ms, until its answer is made from that event (`visitor`), and until
 * the product's own counts show it (`product`): what the answers say, not what the server says of itself. Once with nothing
 * else going on, and once while --rate events a second of others come in, so that the worker is never idle.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type BrokerCluster, startBrokers } from '../../connectors/kafka/testing/broker.ts'
import type { StartedInstance } from '../testing/instance.ts'
import { KafkaShop, post, untilReady, untilSeen } from '../testing/kafka-shop.ts'
import { percentile, printer } from './figures.ts'
import { getRequest, postRequest, RawClient } from './raw-client.ts'

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean' },
    events: { type: 'string', default: '300' },
    rate: { type: 'string', default: '200' },
    intervals: { type: 'string', default: '100,1000' }
  }
})
const print = printer('freshness', flags.json === true)
const products = Array.from({ length: 300 }, (_, i) => `p${i}`)
/** What the visitors before have opened one after the other, so that one view is enough to answer from. */
const visitsPerProduct = 3
const warmUp = 20
const pollMs = 4
/** Between an event that was seen and the next one, evenly up to this: they fall anywhere in a commit interval. */
const spreadMs = 150
const patienceMs = 30_000

const root = mkdtempSync(join(tmpdir(), 'millrace-freshness-'))
let brokers: BrokerCluster | undefined
try {
  brokers = await startBrokers(1)
  for (const interval of flags.intervals.split(',')) await atInterval(brokers, interval)
} finally {
  await brokers?.stop()
  rmSync(root, { recursive: true, force: true, maxRetries: 5 })
}

async function atInterval(brokers: BrokerCluster, interval: string): Promise<void> {
  const shop = new KafkaShop(brokers, root, {
    MILLRACE_STREAM_COMMIT_INTERVAL_MS: interval,
    MILLRACE_PURCHASE_SOURCE: 'events',
    MILLRACE_CONSENT_DEFAULT: 'granted'
  })
  try {
    const [worker, near, far] = await Promise.all([shop.stream('worker'), shop.serve('near'), shop.serve('far')])
    for (const instance of [worker, near, far]) await untilReady(instance)
    await untilSeen(far.url, [await fillShop(near)])
    await measure(`${interval}ms/quiet`, near, far)
    const stop = await othersAt(Number(flags.rate), near)
    await measure(`${interval}ms/${flags.rate}-per-s`, near, far)
    await stop()
  } finally {
    await shop.close()
  }
}

/** Products, and visitors who opened two of them; returns the last token. */
async function fillShop({ url }: StartedInstance): Promise<string> {
  await post(`${url}/v1/tables/products`, products.map(productRow))
  let token = ''
  for (let visit = 0; visit < visitsPerProduct; visit++) {
    const events = products.flatMap((product, i) => {
      const session = `before-${visit}-${i}`
      const next = products[(i + 1) % products.length]
      const at = (secondsAgo: number) => new Date(Date.now() - secondsAgo * 1_000).toISOString()
      return [view(`${session}-a`, session, product, at(20)), view(`${session}-b`, session, next, at(10))]
    })
    for (let i = 0; i < events.length; i += 500)
      token = (await post(`${url}/v1/events`, { events: events.slice(i, i + 500) })).token
  }
  return token
}

function view(id: string, session: string, product: string, ts = new Date().toISOString()) {
  return { event_id: id, session_id: session, event_type: 'view', product_id: product, ts }
}

function productRow(id: string) {
  return {
    product_id: id,
    title: `product ${id}`,
    category: 'all > some',
    price: 5,
    stock: 100,
    updated_at: new Date().toISOString()
  }
}

async function measure(name: string, near: StartedInstance, far: StartedInstance): Promise<void> {
  const [writer, reader] = await Promise.all([RawClient.open(near.url), RawClient.open(far.url)])
  const times = { visitor: [] as number[], product: [] as number[] }
  for (let i = -warmUp; i < Number(flags.events); i++) {
    const id = `${name}-${process.pid}-${i}`
    const product = products[(i + warmUp) % products.length]
    const views = await viewsOf(reader, product)
    await writer.ask(postRequest('/v1/events', view(id, id, product)))
    const startedMs = performance.now()
    const seen = await Promise.all([
      untilTrue(() => isKnown(reader, id)).then(() => performance.now() - startedMs),
      untilTrue(async () => (await viewsOf(reader, product)) > views).then(() => performance.now() - startedMs)
    ])
    if (i >= 0) {
      times.visitor.push(seen[0])
      times.product.push(seen[1])
    }
    await pause(((i + warmUp) * 37) % spreadMs)
  }
  for (const client of [writer, reader]) client.close()
  for (const [what, all] of Object.entries(times)) {
    const sorted = Float64Array.from(all).sort()
    print(`${name}/${what}`, 'p50_ms', percentile(sorted, 0.5))
    print(`${name}/${what}`, 'p99_ms', percentile(sorted, 0.99))
  }
}

/** The answer is made from what this visitor did, and not from what everybody likes. */
async function isKnown(reader: RawClient, session: string): Promise<boolean> {
  const { body } = await reader.ask(
    postRequest('/v1/recommendations', { surface: 'home', session_id: session, limit: 5 })
  )
  return JSON.parse(body.toString()).fallback === false
}

async function viewsOf(reader: RawClient, product: string): Promise<number> {
  const { body } = await reader.ask(getRequest(`/v1/products/${product}/features`))
  return JSON.parse(body.toString()).features?.views ?? 0
}

async function untilTrue(isTrue: () => Promise<boolean>): Promise<void> {
  const until = performance.now() + patienceMs
  while (!(await isTrue())) {
    if (performance.now() > until) throw new TypeError('what was sent is in no answer')
    await pause(pollMs)
  }
}

/** Views of other visitors, ten requests a second, until it is told to stop. */
async function othersAt(rate: number, near: StartedInstance): Promise<() => Promise<void>> {
  const client = await RawClient.open(near.url)
  let sent = 0
  let running = Promise.resolve()
  const timer = setInterval(() => {
    const events = Array.from({ length: Math.max(1, Math.round(rate / 10)) }, () => {
      const id = `other-${process.pid}-${sent++}`
      // Products that are not measured: their counts would move by these.
      return view(id, id, `q${sent % 500}`)
    })
    running = running.then(async () => {
      await client.ask(postRequest('/v1/events', { events }))
    })
  }, 100)
  return async () => {
    clearInterval(timer)
    await running
    client.close()
  }
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
