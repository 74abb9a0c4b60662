/**
 * What comes next in a visit, over HTTP, as a shop's server answers it: its recorded visits are sent as events and learned,
 * then it is asked after every prefix of the test visits, with and without 5,000 events a second arriving and being learned.
 *
 *     npm run bench -- visits [--json] [--shop NAME] [--data DIR] [--seconds 5] [--transport node|uws] [--node FILE]
 *
 * The files of NAME (serenade-example; retailrocket-sessions) are looked for in $MILLRACE_BENCH_DATA, else in ../shared/data.
 * With --data the shop is loaded into DIR once and found there the next time. CPU of the serving thread is the main
 * thread's, of the load generator this process's; the generator and the stream share the other core. Linux only (/proc).
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type StartedInstance, startProcess } from '../testing/instance.ts'
import { ShopVisits } from '../testing/shop-visits.ts'
import { runtimeOf } from '../testing/uws-node.ts'
import { cpuSeconds, memoryMib, printer } from './figures.ts'
import { closedLoop, type Measured, openLoop } from './load.ts'
import { postRequest, RawClient } from './raw-client.ts'

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean' },
    shop: { type: 'string', default: 'serenade-example' },
    data: { type: 'string' },
    seconds: { type: 'string', default: '5' },
    transport: { type: 'string', default: 'node' },
    node: { type: 'string' }
  }
})
const { shop, transport } = flags
const seconds = Number(flags.seconds)
const eventsPerSecond = 5_000
const eventsPerRequest = 50
const shareOfCapacity = 0.6
const minPrefix = shop === 'retailrocket-sessions' ? 2 : 1
/** Serenade's server on its own example data, asked in the same way on one core of such a machine. */
const serenade = { answersPerSecond: 19_000, cpuUs: 52 }
const peers = shop === 'serenade-example' ? serenade : undefined
const print = printer('visits', flags.json === true)

const files = process.env.MILLRACE_BENCH_DATA ?? new URL('../../../shared/data', import.meta.url).pathname
const [train, test] = ['train', 'test'].map(part => join(files, shop, `${part}.txt.gz`))
if (!existsSync(train)) {
  process.stderr.write(`${shop} left out: ${train} is not there\n`)
  process.exit()
}
const visits = await ShopVisits.read(train, test)
const folder = flags.data ?? mkdtempSync(join(tmpdir(), 'millrace-bench-'))
const isNew = !existsSync(folder) || !existsSync(join(folder, 'db'))
const { node, env } = await runtimeOf(transport, flags.node)
const instance = await startProcess(folder, ['--no-demo'], {
  node,
  env: { ...env, MILLRACE_SERVE_TRANSPORT: transport }
})

/** As fast as they are taken, and until the last is in the answers. */
async function loadHistory({ url, child }: StartedInstance): Promise<void> {
  const started = performance.now()
  const client = await RawClient.open(url)
  let token = ''
  const inFlight: Promise<void>[] = []
  for (const request of visits.history()) {
    if (inFlight.length >= 4) await inFlight.shift()
    inFlight.push(
      client.ask(request).then(({ status, body }) => {
        if (status !== 202) throw new TypeError(body.toString())
        token = JSON.parse(body.toString()).token
      })
    )
  }
  await Promise.all(inFlight)
  for (;;) {
    const { body } = await client.ask(postRequest(`/v1/recommendations?after=${token}`, { surface: 'home', limit: 1 }))
    if (JSON.parse(body.toString()).state?.after === 'reached') break
  }
  client.close()
  print(`${shop}/load`, 'events_per_s', visits.trainedEvents / ((performance.now() - started) / 1000))
  print(`${shop}/load`, 'cpu_us_per_event', (cpuSeconds(child.pid as number) * 1e6) / visits.trainedEvents)
}

/** Sends events at a fixed rate, or as fast as they are taken, until it is told to stop; resolves with how many were. */
async function startIngest({ url }: StartedInstance): Promise<() => Promise<number>> {
  const requests = visits.live(eventsPerRequest)
  const started = performance.now()
  let sent = 0
  let taken = 0
  let isStopped = false
  // One request at a time on each: uWebSockets.js ends a connection that sends the next before the reply.
  const senders = Array.from({ length: 8 }, async () => {
    const client = await RawClient.open(url)
    while (!isStopped) {
      const dueMs = (sent++ * eventsPerRequest * 1000) / eventsPerSecond - (performance.now() - started)
      if (dueMs > 0) await new Promise(resolve => setTimeout(resolve, dueMs))
      const { status } = await client.ask(requests.next().value as Buffer)
      if (status === 202) taken += eventsPerRequest
    }
    client.close()
  })
  return async () => {
    isStopped = true
    await Promise.all(senders)
    return taken / ((performance.now() - started) / 1000)
  }
}

/** What the events alone cost the serving thread, which is in the figures of answers meanwhile. */
async function measureIngest(name: string): Promise<void> {
  const pid = instance.child.pid as number
  const before = cpuSeconds(pid, pid)
  await new Promise(resolve => setTimeout(resolve, seconds * 1000))
  const cpuUs = ((cpuSeconds(pid, pid) - before) * 1e6) / (seconds * eventsPerSecond)
  print(name, 'serving_thread_cpu_us_per_event', cpuUs)
}

/** Returns answers per second. */
async function measured(name: string, run: () => Promise<Measured>): Promise<number> {
  const pid = instance.child.pid as number
  const [before, allBefore] = [cpuSeconds(pid, pid), cpuSeconds(pid)]
  const result = await run()
  const cpuUs = ((cpuSeconds(pid, pid) - before) * 1e6) / result.count
  const perSecond = result.count / result.seconds
  print(name, 'answers_per_s', perSecond, peers?.answersPerSecond)
  print(name, 'serving_thread_cpu_us', cpuUs, peers?.cpuUs)
  print(name, 'process_cpu_us', ((cpuSeconds(pid) - allBefore) * 1e6) / result.count)
  print(name, 'p50_ms', result.p50)
  print(name, 'p99_ms', result.p99)
  if (result.lateP99 > 0) print(name, 'generator_late_p99_ms', result.lateP99)
  print(name, 'generator_cpu_us', result.generatorCpuUs)
  if (result.failed > 0) print(name, 'failed', result.failed)
  return perSecond
}

try {
  if (isNew) await loadHistory(instance)
  const { url } = instance
  const requests = visits.questions(minPrefix)
  const load = { url, requests, connections: 8, seconds }
  await closedLoop({ ...load, seconds: 3 })
  const name = (what: string) => `${shop}/${transport}/${what}`
  await measured(name('closed-loop'), () => closedLoop(load))
  const stopIngest = await startIngest(instance)
  await measureIngest(name('ingest'))
  const capacity = await measured(name('closed-loop/5000-events-per-s'), () => closedLoop(load))
  const rate = Math.floor(capacity * shareOfCapacity)
  await measured(name(`open-loop/60-percent/5000-events-per-s`), () => openLoop({ ...load, rate }))
  print(name('open-loop/60-percent/5000-events-per-s'), 'rate_per_s', rate)
  print(name('ingest'), 'events_per_s', await stopIngest())
  print(name('ingest'), 'resident_mib', memoryMib(instance.child.pid as number).now)
} finally {
  await instance.kill('SIGTERM')
  if (!flags.data) rmSync(folder, { recursive: true, force: true })
}
