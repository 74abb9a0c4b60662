/**
 * The demo shop, started as a user starts it: how fast its history is in the answers, what it costs, how it answers then.
 *
 *     npm run bench -- serve [--json] [--seconds 5] [--data DIR] [--transport node|uws] [--node FILE]
 *
 * The server runs with --node: by default the Node that runs this, with `--transport uws` the one of deploy/uws, which
 * that transport has a build for. With --data the shop is loaded into DIR once and found there the next time. CPU of the serving thread is the main
 * thread's, of the load generator this process's. Linux only (/proc).
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type StartedInstance, startProcess } from '../testing/instance.ts'
import { runtimeOf } from '../testing/uws-node.ts'
import { cpuSeconds, memoryMib, percentile, printer } from './figures.ts'
import { closedLoop, type Measured, openLoop } from './load.ts'
import { postRequest, RawClient } from './raw-client.ts'

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean' },
    seconds: { type: 'string', default: '5' },
    data: { type: 'string' },
    transport: { type: 'string', default: 'node' },
    node: { type: 'string' }
  }
})
const seconds = Number(flags.seconds)
const print = printer('serve', flags.json === true)
const folder = flags.data ?? mkdtempSync(join(tmpdir(), 'millrace-bench-'))

const { node, env } = await runtimeOf(flags.transport, flags.node)
const runtime = { node, env: { ...env, MILLRACE_SERVE_TRANSPORT: flags.transport } }

const surfaces = ['home', 'product', 'cart', 'email'] as const

async function status({
  url
}: StartedInstance): Promise<{ load: { rows: number; rows_total: number; done: boolean } | null }> {
  return (await (await fetch(`${url}/page/status`)).json()) as never
}

async function until(isTrue: () => Promise<boolean>, everyMs: number): Promise<void> {
  while (!(await isTrue())) await new Promise(resolve => setTimeout(resolve, everyMs))
}

/** From the start of the process to the first answer, and to the last record of the history in the views. */
async function loadDemo(): Promise<StartedInstance> {
  const started = performance.now()
  const instance = await startProcess(folder, ['--demo'], runtime)
  const ask = postRequest('/v1/recommendations', { surface: 'home', limit: 5 })
  const client = await RawClient.open(instance.url)
  await client.ask(ask)
  client.close()
  print('demo/load', 'first_answer_s', (performance.now() - started) / 1000)
  const wasLoaded = (await status(instance)).load?.done === true
  await until(async () => (await status(instance)).load?.done === true, 250)
  const pid = instance.child.pid as number
  const { load } = await status(instance)
  if (load && !wasLoaded) {
    print('demo/load', 'wall_s', (performance.now() - started) / 1000)
    print('demo/load', 'cpu_s', cpuSeconds(pid))
    print('demo/load', 'cpu_us_per_row', (cpuSeconds(pid) * 1e6) / load.rows_total)
    print('demo/load', 'peak_rss_mib', memoryMib(pid).peak)
    const metrics = await (await fetch(`${instance.adminUrl}/metrics`)).text()
    const bytes = Number(/millrace_data_directory_bytes\{[^}]*\} (\S+)/.exec(metrics)?.[1] ?? 0)
    print('demo/load', 'bytes_on_disk_per_row', bytes / load.rows_total)
  }
  return instance
}

async function restart(instance: StartedInstance): Promise<StartedInstance> {
  await instance.kill('SIGKILL')
  const started = performance.now()
  const next = await startProcess(folder, ['--demo'], runtime)
  await until(async () => (await fetch(`${next.adminUrl}/readyz`)).ok, 20)
  print('demo/restart-after-kill', 'until_ready_s', (performance.now() - started) / 1000)
  return next
}

async function productsOf({ url }: StartedInstance): Promise<string[]> {
  const answer = await fetch(`${url}/v1/recommendations?surface=home&limit=100`)
  const { items } = (await answer.json()) as { items: { product_id: string }[] }
  return items.map(({ product_id }) => product_id)
}

function requestsFor(surface: (typeof surfaces)[number], products: readonly string[]): Buffer[] {
  return Array.from({ length: 400 }, (_, i) => {
    const items =
      surface === 'product'
        ? [products[i % products.length]]
        : surface === 'cart'
          ? [0, 7, 19].map(k => products[(i + k) % products.length])
          : undefined
    return postRequest('/v1/recommendations', {
      surface,
      user_id: String(12_347 + ((i * 13) % 5_000)),
      session_id: `bench-${i}`,
      items
    })
  })
}

/** A stream of views over many sessions, in requests of 100. */
function eventsFor(products: readonly string[], count: number): Buffer[] {
  let n = 0
  return Array.from({ length: Math.ceil(count / 100) }, () =>
    postRequest('/v1/events', {
      events: Array.from({ length: 100 }, () => {
        n++
        return {
          event_id: `bench-${process.pid}-${n}`,
          session_id: `visitor-${n % 5_000}`,
          event_type: 'view',
          product_id: products[(n * 7) % products.length]
        }
      })
    })
  )
}

function report(name: string, measured: Measured, servingCpuS: number): void {
  print(name, 'answers_per_s', measured.count / measured.seconds)
  print(name, 'serving_thread_cpu_us', (servingCpuS * 1e6) / measured.count)
  print(name, 'p50_ms', measured.p50)
  print(name, 'p99_ms', measured.p99)
  if (measured.lateP99 > 0) print(name, 'generator_late_p99_ms', measured.lateP99)
  print(name, 'generator_cpu_us', measured.generatorCpuUs)
  if (measured.failed > 0) print(name, 'failed', measured.failed)
}

async function measured(name: string, pid: number, run: () => Promise<Measured>): Promise<void> {
  const before = cpuSeconds(pid, pid)
  const result = await run()
  report(name, result, cpuSeconds(pid, pid) - before)
}

/** Events as fast as they are taken, until all are visible. */
async function ingestCapacity(instance: StartedInstance, products: readonly string[]): Promise<number> {
  const requests = eventsFor(products, 100_000)
  const client = await RawClient.open(instance.url)
  const started = performance.now()
  const cpu = cpuSeconds(instance.child.pid as number)
  let token = ''
  const inFlight: Promise<unknown>[] = []
  for (const request of requests) {
    if (inFlight.length >= 4) await inFlight.shift()
    inFlight.push(
      client.ask(request).then(({ status: code, body }) => {
        if (code === 202) token = JSON.parse(body.toString()).token
      })
    )
  }
  await Promise.all(inFlight)
  const ask = postRequest(`/v1/recommendations?after=${token}`, { surface: 'home', limit: 1 })
  for (;;) {
    const { body } = await client.ask(ask)
    if (JSON.parse(body.toString()).state?.after === 'reached') break
  }
  client.close()
  const perSecond = 100_000 / ((performance.now() - started) / 1000)
  print('ingest/capacity', 'events_per_s', perSecond)
  print('ingest/capacity', 'cpu_us_per_event', ((cpuSeconds(instance.child.pid as number) - cpu) * 1e6) / 100_000)
  return perSecond
}

/** From an event's acknowledgement until another user's answer has seen it. */
async function freshness(instance: StartedInstance, products: readonly string[]): Promise<void> {
  const client = await RawClient.open(instance.url)
  const times: number[] = []
  for (let i = 0; i < 500; i++) {
    const event = {
      event_id: `fresh-${process.pid}-${i}`,
      session_id: `fresh-${i}`,
      event_type: 'view',
      product_id: products[i % products.length]
    }
    const { body } = await client.ask(postRequest('/v1/events', event))
    const started = performance.now()
    const { token } = JSON.parse(body.toString())
    await client.ask(
      postRequest(`/v1/recommendations?after=${token}`, { surface: 'home', session_id: 'somebody-else', limit: 1 })
    )
    times.push(performance.now() - started)
  }
  client.close()
  const sorted = Float64Array.from(times).sort()
  print('event-to-other-users-answer', 'p50_ms', percentile(sorted, 0.5))
  print('event-to-other-users-answer', 'p99_ms', percentile(sorted, 0.99))
}

async function ingestAt(
  rate: number,
  instance: StartedInstance,
  products: readonly string[]
): Promise<() => Promise<void>> {
  const requests = eventsFor(products, Math.ceil(rate * (seconds + 2)))
  const client = await RawClient.open(instance.url)
  let isStopped = false
  const done = (async () => {
    const started = performance.now()
    for (const [i, request] of requests.entries()) {
      const dueMs = (i * 100 * 1000) / rate - (performance.now() - started)
      if (dueMs > 0) await new Promise(resolve => setTimeout(resolve, dueMs))
      if (isStopped) break
      client.send(request, () => undefined)
    }
  })()
  return async () => {
    isStopped = true
    await done
    client.close()
  }
}

let instance = await loadDemo()
try {
  instance = await restart(instance)
  const { url } = instance
  const pid = instance.child.pid as number
  const products = await productsOf(instance)
  const mixed = surfaces.map(surface => requestsFor(surface, products))
  const all = mixed[0].flatMap((_, i) => mixed.map(requests => requests[i]))
  await closedLoop({ url, requests: all, connections: 8, seconds: 2 })
  for (const [i, surface] of surfaces.entries()) {
    await measured(`closed-loop/${surface}`, pid, () =>
      closedLoop({ url, requests: mixed[i], connections: 8, seconds })
    )
  }
  await measured('closed-loop/all', pid, () => closedLoop({ url, requests: all, connections: 16, seconds }))
  await measured('open-loop/3000-per-s/idle', pid, () =>
    openLoop({ url, requests: all, connections: 16, seconds, rate: 3_000 })
  )
  await freshness(instance, products)
  const capacity = await ingestCapacity(instance, products)
  const stopIngest = await ingestAt(capacity / 2, instance, products)
  await measured('open-loop/3000-per-s/ingest-at-half', pid, () =>
    openLoop({ url, requests: all, connections: 16, seconds, rate: 3_000 })
  )
  await stopIngest()
} finally {
  await instance.kill('SIGTERM')
  if (!flags.data) rmSync(folder, { recursive: true, force: true })
}
