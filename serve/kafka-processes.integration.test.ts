import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { type BrokerCluster, startBrokers } from '../connectors/kafka/testing/broker.ts'
import { batchesOf } from '../connectors/kafka/testing/segment-files.ts'
import { type StartedInstance, startCommand } from './testing/instance.ts'
import { KafkaShop, loadPiece, post, untilReady, untilSeen } from './testing/kafka-shop.ts'
import { kafkaStories } from './testing/kafka-stories.ts'

/** Two workers and two replicas as real processes on one broker, beside one embedded process with the same history. */

const slices = 6
/** The same on both sides from the first record on. */
const env = { MILLRACE_PURCHASE_SOURCE: 'orders' }
const onKafka = { ...env, MILLRACE_KAFKA_COMPRESSION: 'lz4' }
const products = ['85123A', '22423', '84879', '22752', '71053', '21730', '22633', '84029E']

let brokers: BrokerCluster
let shop: KafkaShop
let root: string
let embedded: StartedInstance
const workers: Record<string, StartedInstance> = {}
const replicas: Record<string, StartedInstance> = {}

const processes = () => [...Object.values(workers), ...Object.values(replicas)]
const story = kafkaStories(test, {
  open: async () => {
    root = mkdtempSync(join(tmpdir(), 'millrace-kafka-'))
    const directory = join(root, 'embedded')
    ;[brokers, embedded] = await Promise.all([
      startBrokers(1),
      startCommand({ command: 'start', args: ['--port', '0', '--no-demo'], directory, noteIn: directory, env })
    ])
    shop = new KafkaShop(brokers, root, onKafka)
    ;[workers.a, workers.b, replicas.a, replicas.b] = await Promise.all([
      shop.stream('worker-a'),
      shop.stream('worker-b'),
      shop.serve('replica-a'),
      shop.serve('replica-b')
    ])
    for (const instance of processes()) await untilReady(instance)
  },
  close: async () => {
    await shop?.close()
    await embedded?.kill('SIGKILL')
    await brokers?.stop()
    rmSync(root, { recursive: true, force: true })
  },
  processes,
  timeoutMs: 120_000
})

const view = (id: string, product: string, session = id) => ({
  event_id: `e-${id}`,
  session_id: session,
  event_type: 'view',
  product_id: product
})

async function get(url: string): Promise<any> {
  return (await fetch(url)).json()
}

/** What people see of a product: neighbours with their scores to two digits, and counts. */
async function shown(url: string, product: string): Promise<unknown> {
  const lists = await Promise.all(
    ['similar', 'bought-together'].map(async relation => {
      const { items } = await get(`${url}/v1/products/${product}/${relation}?limit=10`)
      return items.map((item: any) => `${item.product_id} ${item.reasons[0]?.code} ${item.score.toFixed(2)}`).sort()
    })
  )
  const { features } = await get(`${url}/v1/products/${product}/features`)
  const { purchases, units, buyers, reorder_rate, views, price_band } = features
  return { product, lists, purchases, units, buyers, reorder_rate, views, price_band }
}

async function viewsOf({ url }: StartedInstance, product: string): Promise<number> {
  return (await get(`${url}/v1/products/${product}/features`)).features.views
}

async function until(isTrue: () => Promise<boolean>, timeoutMs = 40_000): Promise<boolean> {
  const end = performance.now() + timeoutMs
  while (!(await isTrue())) {
    if (performance.now() > end) return false
    await new Promise(resolve => setTimeout(resolve, 200))
  }
  return true
}

story('two workers and two replicas answer as one embedded process does', async t => {
  const [onKafka, inOne] = await Promise.all([loadPiece(replicas.a.url, slices), loadPiece(embedded.url, slices)])
  await untilSeen(replicas.b.url, onKafka)
  await untilSeen(embedded.url, inOne)
  // Vectors of these old days are made anew with the next tick.
  const isSame = async () => {
    for (const product of products) {
      const [one, other] = [await shown(replicas.b.url, product), await shown(embedded.url, product)]
      if (JSON.stringify(one) !== JSON.stringify(other)) return false
    }
    return true
  }
  await until(isSame)
  for (const product of products) t.deepEqual(await shown(replicas.b.url, product), await shown(embedded.url, product))
  const { items } = await get(`${replicas.b.url}/v1/products/${products[0]}/bought-together`)
  t.true(items.some(({ reasons }: any) => reasons.some(({ code }: any) => code === 'bought_together')))
})

story('batches are packed as configured, whoever writes them', async t => {
  const kinds = {
    'of a replica': (topic: string) => topic === 'interactions',
    'between topologies': (topic: string) => topic.endsWith('-repartition'),
    'of a view': (topic: string) => topic.startsWith('millrace.item-features.v1'),
    'of state': (topic: string) => topic.endsWith('-changelog')
  }
  for (const [what, isOne] of Object.entries(kinds)) {
    const batches = await batchesOf(brokers.nodes[0], isOne)
    t.deepEqual(new Set(batches.map(({ compression }) => compression)), new Set(['lz4']), what)
  }
})

story('an e-mail to a customer is the same from every process, made of the orders', async t => {
  const customer = '17850'
  const row = { user_id: customer, consent_personalization: true, updated_at: new Date().toISOString() }
  const written = await Promise.all([replicas.a, embedded].map(({ url }) => post(`${url}/v1/tables/users`, [row])))
  await untilSeen(replicas.b.url, [written[0].token])
  await untilSeen(embedded.url, [written[1].token])
  const mail = async ({ url }: StartedInstance) => {
    const rules = { exclude_purchased_days: 0 }
    const answer = await post(`${url}/v1/recommendations`, { surface: 'email', user_id: customer, limit: 30, rules })
    return { ...answer.retrieval, items: answer.items.map((item: any) => `${item.product_id} ${item.reasons[0].code}`) }
  }
  const [one, other, inOne] = await Promise.all([replicas.a, replicas.b, embedded].map(mail))
  t.deepEqual(one, other)
  t.deepEqual(one, inOne)
  t.is(one.name, 'basket')
  t.true(one.items.filter((item: string) => item.endsWith('bought_before')).length > 10)
})

story('a write through one replica is followed to the answers of the other', async t => {
  let reached = 0
  for (let i = 0; i < 10; i++) {
    const { token } = await post(`${replicas.a.url}/v1/events`, view(`follow-${i}`, products[i % products.length]))
    t.regex(token, /^[\w-]{1,1024}$/)
    const answer = await post(`${replicas.b.url}/v1/recommendations?after=${token}`, {
      surface: 'home',
      session_id: `follow-${i}`,
      limit: 5
    })
    t.true(answer.state.staleness_ms < 5_000)
    if (answer.state.after !== 'reached') continue
    reached++
    t.false(answer.fallback, 'what was seen counts')
  }
  t.log(`${reached} of 10 reached within the bound`)
  t.true(reached > 0)
  const unknown = await post(`${replicas.b.url}/v1/recommendations?after=kAAAAAAAAAAAA`, { surface: 'home' })
  t.is(unknown.state.after, 'unknown')
})

story('when a worker is killed the other one takes over, and every event counts once', async t => {
  const product = products[0]
  const before = await viewsOf(replicas.b, product)
  const events = Array.from({ length: 300 }, (_, i) => view(`kill-${i}`, product))
  for (let i = 0; i < events.length; i += 10) {
    const { status } = await post(`${replicas.a.url}/v1/events`, { events: events.slice(i, i + 10) })
    t.is(status, 202)
    if (i === 100) void workers.a.kill('SIGKILL')
  }
  const views = async () => (await viewsOf(replicas.b, product)) - before
  await until(async () => (await views()) >= 300)
  t.is(await views(), 300)
})

story('a worker that is told to end and comes back moves nothing', async t => {
  workers.a = await shop.stream('worker-a')
  await untilReady(workers.a)
  const handOvers = () => workers.b.output().match(/has \d+ tasks/g)?.length
  // The group settles: tasks move to the one that came back, and standbys follow.
  await new Promise(resolve => setTimeout(resolve, 3_000))
  const before = handOvers()
  await workers.a.kill('SIGTERM')
  workers.a = await shop.stream('worker-a')
  await untilReady(workers.a)
  const { token } = await post(`${replicas.a.url}/v1/events`, view('restart', products[1]))
  await untilSeen(replicas.a.url, [token])
  t.is(handOvers(), before)
})

story('a worker whose directory was wiped reads its state again, says how far it is, and is ready then', async t => {
  await workers.a.kill('SIGTERM')
  rmSync(join(root, 'worker-a', 'stream', 'thread-1'), { recursive: true })
  workers.a = await shop.stream('worker-a')
  const details = new Set<string>()
  const isReady = async () => {
    const response = await fetch(`${workers.a.adminUrl}/readyz`)
    const { detail } = (await response.json()) as { detail?: string }
    if (!response.ok) t.is(response.status, 503)
    if (!response.ok && detail) details.add(detail)
    return response.ok
  }
  const end = performance.now() + 60_000
  while (!(await isReady()) && performance.now() < end);
  t.log([...details].slice(-3))
  t.true([...details].some(detail => /restoring the state of \d+ tasks: \d+ changelog records read/.test(detail)))
  const restored = /restored: (\d+) changelog records were read/.exec(workers.a.output())
  t.true(Number(restored?.[1]) > 1_000, workers.a.output())
  const metrics = await (await fetch(`${workers.a.adminUrl}/metrics`)).text()
  const ratios = [...metrics.matchAll(/^millrace_restore_progress_ratio\{store="([^"]+)"\} (\S+)$/gm)]
  t.true(ratios.length > 5, metrics)
  for (const [, store, ratio] of ratios) t.is(ratio, '1', store)
  const { token } = await post(`${replicas.a.url}/v1/events`, view('wiped', products[1]))
  await untilSeen(replicas.a.url, [token])
})

story('a replica that is started again goes on from where it was', async t => {
  await replicas.b.kill('SIGKILL')
  const { token } = await post(`${replicas.a.url}/v1/events`, view('while-away', products[2]))
  replicas.b = await shop.serve('replica-b')
  await untilReady(replicas.b)
  await untilSeen(replicas.b.url, [token])
  t.is(await viewsOf(replicas.b, products[2]), await viewsOf(replicas.a, products[2]))
  const fresh = await shop.serve('replica-c')
  await untilReady(fresh)
  t.log(`${recordsRead(replicas.b)} records read; from nothing, ${recordsRead(fresh)}`)
  t.true(recordsRead(replicas.b) < recordsRead(fresh) / 10)
  t.deepEqual(await shown(fresh.url, products[2]), await shown(replicas.b.url, products[2]))
})

story('what others open next is known to every replica, and to one that was told to end and starts again', async t => {
  const [from, to] = [products[5], products[6]]
  for (let i = 0; i < 5; i++) {
    const at = (secondsAgo: number) => new Date(Date.now() - secondsAgo * 1_000).toISOString()
    const way = [
      { ...view(`way-${i}`, from), event_id: `way-${i}-from`, ts: at(20) },
      { ...view(`way-${i}`, to), event_id: `way-${i}-to`, ts: at(10) }
    ]
    await post(`${replicas.a.url}/v1/events`, { events: way })
  }
  const next = async ({ url }: StartedInstance) => {
    const { items } = await post(`${url}/v1/recommendations`, { surface: 'home', session: [from], explain: true })
    return items.map(({ product_id, explain }: any) => `${product_id} ${explain.next_item}`)
  }
  const isKnown = async (one: StartedInstance) => (await next(one))[0].startsWith(`${to} 1`)
  for (const one of Object.values(replicas)) t.true(await until(() => isKnown(one)))
  // The rest of the answer is filled by popularity, whose view each replica follows at its own pace.
  const isSame = async () => JSON.stringify(await next(replicas.b)) === JSON.stringify(await next(replicas.a))
  await until(isSame)
  t.deepEqual(await next(replicas.b), await next(replicas.a))
  await replicas.b.kill('SIGTERM')
  replicas.b = await shop.serve('replica-b')
  await untilReady(replicas.b)
  t.true(await isKnown(replicas.b), 'from its snapshot, before anything new is read')
  await until(isSame)
  t.deepEqual(await next(replicas.b), await next(replicas.a))
})

story('a second holder of a worker’s directory is refused, and one that is drained hands over at once', async t => {
  const second = await t.throwsAsync(shop.stream('worker-b'))
  t.regex(second?.message ?? '', /is in use by another process/)
  const drained = await shop.drain('worker-b')
  t.is(drained.code, 0, drained.stderr)
  t.is(workers.b.child.exitCode, 0, 'the command ends when the worker has')
  t.regex(workers.b.output(), /committing, leaving/)
  const nobody = await shop.drain('worker-b')
  t.is(nobody.code, 1)
  t.regex(nobody.stderr, /No worker runs on .*worker-b/)
  const { token } = await post(`${replicas.a.url}/v1/events`, view('drained', products[3]))
  await untilSeen(replicas.b.url, [token], 30_000)
  t.pass()
})

story('of two workers with one name the older ends with one sentence, and the newer goes on', async t => {
  const older = workers.a
  const ended = new Promise(resolve => older.child.once('exit', resolve))
  workers.a = await shop.stream('worker-a', 'elsewhere')
  await ended
  t.is(older.child.exitCode, 1)
  t.regex(older.output(), /another process runs under the same worker name/)
  await untilReady(workers.a)
  const { token } = await post(`${replicas.a.url}/v1/events`, view('renamed', products[4]))
  await untilSeen(replicas.a.url, [token])
})

function recordsRead({ output }: StartedInstance): number {
  return Number(/answering; (\d+) records/.exec(output())?.[1])
}
