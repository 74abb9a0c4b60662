import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { Redis } from 'ioredis'
import { type BrokerCluster, startBrokers } from '../connectors/kafka/testing/broker.ts'
import { missingForBroker } from '../connectors/kafka/testing/broker-jars.ts'
import { redis as recipe } from '../deploy/stack/redis.ts'
import { Stack } from '../deploy/stack/stack.ts'
import type { StartedInstance } from './testing/instance.ts'
import { KafkaShop, untilReady } from './testing/kafka-shop.ts'

/** Features in Redis as workers on real brokers mirror them: caught up with, handed over, and never behind what they were. */

const missing = missingForBroker() ?? recipe.missing()
const root = mkdtempSync(join(tmpdir(), 'millrace-mirror-'))
const stack = new Stack(join(root, 'servers'))
const portBase = 21_000 + (process.pid % 10_000)
const url = `redis://127.0.0.1:${portBase + 4}`
let brokers: BrokerCluster
let shop: KafkaShop
let redis: Redis
const workers: StartedInstance[] = []

if (missing === undefined) {
  test.before(async t => {
    t.timeout(120_000)
    const up = stack.up({ names: ['redis'], portBase, onProgress: () => undefined })
    ;[brokers] = await Promise.all([startBrokers(1), up])
    redis = new Redis(url)
    shop = new KafkaShop(brokers, root, { MILLRACE_REDIS_URL: url })
    workers.push(...(await Promise.all([shop.stream('worker-a'), shop.stream('worker-b')])))
    for (const worker of workers) await untilReady(worker)
  })
}
test.after.always(async () => {
  redis?.disconnect()
  await shop?.close()
  await brokers?.stop()
  await stack.down({ names: [], wipe: true })
  rmSync(root, { recursive: true, force: true })
})

const story = (title: string, run: (t: ExecutionContext) => Promise<void>) =>
  missing === undefined
    ? test.serial(title, async t => {
        t.timeout(120_000)
        await run(t)
        if (!t.passed) for (const { output } of workers) t.log(output())
      })
    : test.skip(`${title} (skipped: ${missing})`, run)

const items = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6']

/** One view of each product by each of so many people, a second apart. */
async function loadViews(t: ExecutionContext, name: string, people: number): Promise<void> {
  const start = Date.UTC(2025, 0, name.charCodeAt(0))
  const events = Array.from({ length: people * items.length }, (_, i) => ({
    event_id: `${name}-${i}`,
    session_id: `${name}-${Math.floor(i / items.length)}`,
    event_type: 'view',
    product_id: items[i % items.length],
    ts: new Date(start + i * 1_000).toISOString()
  }))
  const file = join(root, `${name}.jsonl`)
  writeFileSync(file, events.map(event => `${JSON.stringify(event)}\n`).join(''))
  const { code, stderr } = await shop.run(['load', file])
  t.is(code, 0, stderr)
}

async function viewsIn(): Promise<(string | null)[]> {
  return Promise.all(items.map(item => redis.hget(`millrace:item-features:${item}`, 'views')))
}

async function untilViews(t: ExecutionContext, views: number, timeoutMs = 40_000): Promise<void> {
  const end = performance.now() + timeoutMs
  const isThere = async () => (await viewsIn()).every(found => found === String(views))
  while (!(await isThere()) && performance.now() < end) await new Promise(resolve => setTimeout(resolve, 100))
  t.deepEqual(
    await viewsIn(),
    items.map(() => String(views))
  )
}

story('features of the views are in Redis, each with the place on the log that it stands for', async t => {
  await loadViews(t, 'a', 5)
  await untilViews(t, 5)
  const { stdout } = await shop.run(['store', 'get', 'item-features', 'p1', '--json'])
  const hash = await redis.hgetall('millrace:item-features:p1')
  t.is(hash.popularity, JSON.stringify(JSON.parse(stdout).value.popularity))
  t.regex(hash._offset, /^\d+$/)
})

story('when a worker is killed the other mirrors on, and the one that comes back takes nothing back', async t => {
  const before = new Map<string, number>()
  const offsets = () => Promise.all(items.map(item => redis.hget(`millrace:item-features:${item}`, '_offset')))
  for (const [i, offset] of (await offsets()).entries()) before.set(items[i], Number(offset))
  await workers[0].kill('SIGKILL')
  await loadViews(t, 'b', 4)
  await untilViews(t, 9)
  workers[0] = await shop.stream('worker-a')
  await untilReady(workers[0])
  await loadViews(t, 'c', 3)
  await untilViews(t, 12)
  for (const [i, offset] of (await offsets()).entries())
    t.true(Number(offset) > (before.get(items[i]) as number), items[i])
})

story('what was mirrored while Redis was empty again is there with the next change, and nothing older', async t => {
  await redis.flushall()
  await loadViews(t, 'd', 2)
  await untilViews(t, 14)
})
