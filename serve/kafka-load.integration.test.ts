import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { Admin } from '../connectors/kafka/admin.ts'
import { Cluster } from '../connectors/kafka/cluster.ts'
import { openStreamCluster } from '../connectors/kafka/stream-cluster.ts'
import { type BrokerCluster, startBrokers } from '../connectors/kafka/testing/broker.ts'
import { existingTopics } from '../connectors/kafka/topic-scan.ts'
import { readTimes } from '../engine/distributed/committed-times.ts'
import { plan } from '../engine/task/plan.ts'
import type { Basket } from '../schemas/act.ts'
import * as topics from '../schemas/topics.ts'
import { allTopologies } from '../topologies/index.ts'
import { differences } from '../topologies/testing/run.ts'
import { exactPairs } from './testing/exact-pairs.ts'
import type { StartedInstance } from './testing/instance.ts'
import { KafkaShop, post, untilReady } from './testing/kafka-shop.ts'
import { kafkaStories } from './testing/kafka-stories.ts'
import { type Ran, runMillrace } from './testing/run-millrace.ts'

/** The commands against Kafka, with two workers as real processes; beside them the same history on the embedded log. */

/** Products, customers, and the first orders with their lines and purchase events: enough that some lists are cut. */
const rows = 33_000
/** What `bought-together` keeps of a product's companions at most, between two cuts. */
const companionsMax = 800
/** Rows of lists that were cut that may have lost some of their count: the declared tolerance. */
const shareLost = 0.05
/** Learned, and compared by its direction elsewhere; here by its keys. */
const vectors = 'item-vectors'

let brokers: BrokerCluster
let shop: KafkaShop
let root: string
const workers: StartedInstance[] = []

const story = kafkaStories(test, {
  open: async () => {
    root = mkdtempSync(join(tmpdir(), 'millrace-kafka-load-'))
    brokers = await startBrokers(1)
    shop = new KafkaShop(brokers, root)
    workers.push(...(await Promise.all([shop.stream('worker-a'), shop.stream('worker-b')])))
    for (const worker of workers) await untilReady(worker)
  },
  close: async () => {
    await shop?.close()
    await brokers?.stop()
    rmSync(root, { recursive: true, force: true })
  },
  processes: () => workers,
  timeoutMs: 240_000
})

const embedded = (args: string[]): Promise<Ran> =>
  runMillrace([...args, '--data', join(root, 'embedded')], { cwd: root })

/** Every key of a view with its value. */
async function view(run: (args: string[]) => Promise<Ran>, name: string): Promise<Map<string, unknown>> {
  const { code, stdout, stderr } = await run(['store', 'scan', name, '--limit', '1000000', '--json'])
  if (code !== 0) throw new TypeError(`store scan ${name}: ${stderr}`)
  const entries = stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))
  return new Map(entries.map(({ key, value }) => [key, value]))
}

/** A file of purchases of one product, by people of their own. */
function purchases(name: string, count: number): string {
  const file = join(root, `${name}.jsonl`)
  const lines = Array.from({ length: count }, (_, i) => {
    const ts = new Date(Date.UTC(2025, 0, 1) + i * 60_000).toISOString()
    const context = { order_id: `${name}-${i}`, price: 5 }
    return {
      event_id: `${name}-${i}`,
      user_id: `${name}-${i}`,
      event_type: 'purchase',
      product_id: 'p-sold',
      ts,
      context
    }
  })
  writeFileSync(file, lines.map(line => `${JSON.stringify(line)}\n`).join(''))
  return file
}

async function sold(run: (args: string[]) => Promise<Ran>): Promise<number> {
  const { stdout } = await run(['store', 'get', 'item-features', 'p-sold', '--json'])
  return JSON.parse(stdout).value.purchases
}

story('until orders are fed, purchases are counted from events', async t => {
  const file = purchases('early', 4)
  for (const run of [(args: string[]) => shop.run(args), embedded]) {
    const { code, stderr } = await run(['load', file, '--json'])
    t.is(code, 0, stderr)
    t.is(await sold(run), 4)
  }
})

story('the demo shop leaves the same views on Kafka as on the embedded log', async t => {
  const load = ['load', '--demo', '--limit', String(rows), '--json']
  const [onKafka, inOne] = await Promise.all([shop.run(load), embedded(load)])
  t.is(onKafka.code, 0, onKafka.stderr)
  t.is(inOne.code, 0, inOne.stderr)
  const { accepted } = JSON.parse(onKafka.stdout)
  t.is(JSON.parse(inOne.stdout).accepted, accepted)
  t.true(accepted >= rows)
  const stores = JSON.parse((await embedded(['store', 'list', '--json'])).stdout)
  const names = stores.flatMap(({ store, kind }: any) => (kind === 'view' ? [store] : []))
  for (const name of names) {
    const [there, here] = await Promise.all([view(args => shop.run(args), name), view(embedded, name)])
    t.deepEqual([...there.keys()].sort(), [...here.keys()].sort(), name)
    t.log(name, there.size)
    const declared: any = Object.values(topics).find(topic => topic.name === name)
    if (declared.equality === 'order' || name === vectors) continue
    const cut = name === topics.boughtTogether.name ? await checkCutLists(t, [there, here]) : new Set()
    for (const key of cut) for (const views of [there, here]) views.delete(key as string)
    t.deepEqual(differences(declared, here as any, there as any), [], name)
  }
})

/**
 * What a list that was cut has lost depends on the order of arrival, which differs between the logs; more than there was it
 * never says. Returns whose lists those are.
 */
async function checkCutLists(t: ExecutionContext, views: readonly Map<string, any>[]): Promise<Set<string>> {
  const pairs = exactPairs((await view(embedded, 'baskets')).values() as Iterable<Basket>)
  const cut = new Set([...pairs].filter(([, { size }]) => size > companionsMax).map(([item]) => item))
  t.true(cut.size > 0, 'some lists are cut')
  const rows = views.flatMap(view =>
    [...cut].flatMap(item =>
      view.get(item).companions.map(({ product_id, together }: any) => {
        const exact = pairs.get(item)?.get(product_id) ?? 0
        return { pair: `${item} ${product_id}`, together, exact }
      })
    )
  )
  t.deepEqual(
    rows.filter(({ together, exact }) => together > exact),
    []
  )
  const lost = rows.filter(({ together, exact }) => together < exact)
  t.log(`${cut.size} lists were cut; ${lost.length} of ${rows.length} rows have lost something`)
  t.true(lost.length <= rows.length * shareLost)
  return cut
}

story('a replica that nobody told shows how far the demo is, and takes its customers to consent', async t => {
  const replica = await shop.serve('replica')
  await untilReady(replica)
  const status = async (): Promise<any> => (await fetch(`${replica.url}/page/status`)).json()
  while ((await status()).load === null) await new Promise(resolve => setTimeout(resolve, 50))
  const { load } = await status()
  t.true(load.done)
  t.true(load.rows >= rows)
  const customers = await view(args => shop.run(args), 'user-features')
  const [customer] = [...customers].filter(([, { bought }]: any) => bought.length > 2).map(([id]) => id)
  t.false((await post(`${replica.url}/v1/recommendations`, { surface: 'home', user_id: customer })).fallback)
  await replica.kill('SIGTERM')
})

/** What the tasks' times were when they last committed. */
async function taskTimes() {
  const running = plan(allTopologies({ purchaseSource: 'orders' }), {
    partitions: 2,
    namespace: 'millrace',
    repartition: 'topics'
  })
  const connection = { bootstrap: brokers.addresses }
  const cluster = openStreamCluster({ connection, namespace: 'millrace', worker: 'watching' })
  try {
    const firsts = running.subTopologies.flatMap(({ sources, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic: sources[0].log, partition }))
    )
    const committed = await cluster.committed('millrace', firsts)
    return firsts.map(first => readTimes(committed, first)?.times ?? {})
  } finally {
    await cluster.close()
  }
}

story('when a load is over its history has ended for every task', async t => {
  const tasks = await taskTimes()
  const steps = tasks.flatMap(times => Object.entries(times))
  t.true(steps.length > 10)
  for (const [step, [streamTime, historyTime]] of steps) t.is(historyTime, null, `${step}, at ${streamTime}`)
})

story('once orders are fed, every worker counts from them, and no longer from events', async t => {
  for (const { output } of workers) t.regex(output(), /orders are fed/)
  const file = purchases('late', 3)
  for (const run of [(args: string[]) => shop.run(args), embedded]) {
    const { code, stderr } = await run(['load', file, '--json'])
    t.is(code, 0, stderr)
    t.is(await sold(run), 4)
  }
})

async function interactionsOn(cluster: Cluster): Promise<number> {
  const [{ ends }] = await existingTopics(cluster, name => name === 'interactions')
  return ends.reduce((sum, end) => sum + end, 0)
}

story('a load that is killed goes on behind the last row that is on the log, and counts each row once', async t => {
  const file = join(root, 'views.jsonl')
  const events = Array.from({ length: 12_000 }, (_, i) => {
    const ts = new Date(Date.UTC(2025, 0, 1) + i * 1_000).toISOString()
    return { event_id: `k-${i}`, session_id: `s-${i}`, event_type: 'view', product_id: 'p-killed', ts }
  })
  writeFileSync(file, events.map(event => `${JSON.stringify(event)}\n`).join(''))
  const cluster = new Cluster({ bootstrap: brokers.addresses })
  t.teardown(() => cluster.close())
  const before = await interactionsOn(cluster)
  const killed = shop.command(['load', file, '--rate', '3000'])
  const ended = new Promise(resolve => killed.once('exit', resolve))
  while ((await interactionsOn(cluster)) === before) await new Promise(resolve => setTimeout(resolve, 50))
  killed.kill('SIGKILL')
  await ended
  const { code, stdout, stderr } = await shop.run(['load', file, '--json'])
  t.is(code, 0, stderr)
  const { accepted, already_loaded } = JSON.parse(stdout)
  t.log(`${already_loaded} rows were there, ${accepted} were not`)
  t.true(already_loaded > 0, 'something was there when it was killed')
  t.true(accepted > 0, 'it was killed before the end')
  t.is(accepted + already_loaded, events.length)
  const again = JSON.parse((await shop.run(['load', file, '--json'])).stdout)
  t.is(again.accepted, 0)
  const features = JSON.parse((await shop.run(['store', 'get', 'item-features', 'p-killed', '--json'])).stdout)
  t.is(features.value.views, events.length)
})

story('rows that cannot be used are dead letters, and come back from there once the sender is mended', async t => {
  const file = join(root, 'few.jsonl')
  const event = { event_id: 'f-1', session_id: 's-few', event_type: 'view', product_id: 'p-few' }
  const lines = [
    { ...event, ts: '2025-01-01T00:00:00Z' },
    { ...event, event_id: 'f-2', event_type: 'unheard-of' },
    { ...event, ts: '2025-01-01T00:00:01Z' }
  ]
  writeFileSync(file, lines.map(line => `${JSON.stringify(line)}\n`).join(''))
  const loaded = JSON.parse((await shop.run(['load', file, '--type', 'events', '--json'])).stdout)
  t.like(loaded, { accepted: 2, dead_lettered: 1, duplicates: 1 })
  const [letter] = JSON.parse((await shop.run(['dlq', 'list', '--json'])).stdout)
  t.like(letter, { topic: 'interactions', topology: 'load', step: 'events' })
  const shown = JSON.parse((await shop.run(['dlq', 'show', letter.id, '--json'])).stdout)
  t.regex(shown.value_text, /unheard-of/)
  const refused = JSON.parse((await shop.run(['dlq', 'replay', letter.id, '--json'])).stdout)
  t.deepEqual(refused, { sent: 0, sent_before: 0, still_refused: 1 })
  const unreadable = {
    topic: 'interactions',
    partition: 0,
    timestamp: 1_735_689_600_000,
    key: 's-few',
    value: 'no Avro'
  }
  const imported = await shop.run(['topic', 'import', 'interactions', '-', '--json'], `${JSON.stringify(unreadable)}\n`)
  t.deepEqual(JSON.parse(imported.stdout), { topic: 'interactions', imported: 1 }, imported.stderr)
  const [second] = JSON.parse((await shop.run(['dlq', 'list', '--topic', 'interactions', '--json'])).stdout)
  t.is(second.code, 'avro_invalid')
  const sent = JSON.parse((await shop.run(['dlq', 'replay', second.id, '--json'])).stdout)
  t.deepEqual(sent, { sent: 1, sent_before: 0, still_refused: 0 })
  const twice = JSON.parse((await shop.run(['dlq', 'replay', second.id, '--json'])).stdout)
  t.deepEqual(twice, { sent: 0, sent_before: 1, still_refused: 0 })
})

story('topics are shown decoded, and what is exported can be imported', async t => {
  const list = JSON.parse((await shop.run(['topic', 'list', '--json'])).stdout)
  const interactions = list.find(({ topic }: any) => topic === 'interactions')
  t.like(interactions, { partitions: 2, cleanup: 'delete', retention_ms: null })
  t.true(list.some(({ topic }: any) => topic.endsWith('-changelog')))
  const read = await shop.run(['topic', 'read', 'interactions', '--key', 's-few', '--limit', '1', '--json'])
  t.like(JSON.parse(read.stdout), { key: 's-few', value: { product_id: 'p-few', event_type: 'view' } })
  const exported = (await shop.run(['topic', 'export', 'users'])).stdout
  const users = exported.split('\n').filter(line => line !== '')
  t.true(users.length > 1_000)
  const copied = await shop.run(['topic', 'import', 'users', '-', '--json'], exported)
  t.is(JSON.parse(copied.stdout).imported, users.length, copied.stderr)
  const unknown = await shop.run(['topic', 'read', 'no-such-topic'])
  t.is(unknown.code, 1)
  t.regex(unknown.stderr, /There is no topic no-such-topic/)
  const views = await shop.run(['topic', 'import', 'item-catalog', '-'])
  t.is(views.code, 2)
})

/** What `store verify` finds wrong with state and views. */
async function problems(run: (args: string[]) => Promise<Ran>): Promise<unknown[]> {
  const verified = JSON.parse((await run(['store', 'verify', '--json'])).stdout)
  return verified.flatMap(({ name, what, problems_total }: any) =>
    problems_total > 0 && what !== 'topic' ? [[name, problems_total]] : []
  )
}

story('state is read from the changelogs, whoever has it', async t => {
  const list = JSON.parse((await shop.run(['store', 'list', '--json'])).stdout)
  const there = list.find(({ store }: any) => store === 'item-catalog')
  t.like(there, { kind: 'view', class: 'exact', keys: 3_787 })
  const [onKafka, inOne] = await Promise.all(
    [(args: string[]) => shop.run(args), embedded].map(async run =>
      JSON.parse((await run(['store', 'digest', 'item-catalog', '--json'])).stdout)
    )
  )
  t.deepEqual(onKafka, inOne)
  // Baskets of the time before orders were fed stand as the state of that time says.
  t.deepEqual(await Promise.all([problems(args => shop.run(args)), problems(embedded)]), [[], []])
  const nothing = await shop.run(['store', 'get', 'no-such-store', 'key'])
  t.regex(nothing.stderr, /There is no store or view no-such-store/)
})

story('records are not loaded into a topic that would forget them before they are processed', async t => {
  await Promise.all(workers.map(worker => worker.kill('SIGKILL')))
  const cluster = new Cluster({ bootstrap: brokers.addresses })
  t.teardown(() => cluster.close())
  const admin = new Admin(cluster)
  await admin.deleteTopics(['interactions'])
  const configs = { 'retention.ms': '86400000', 'max.message.bytes': '2000000' }
  await admin.createTopics([{ name: 'interactions', partitions: 2, configs }])
  const { code, stderr } = await shop.run(['load', purchases('older', 2)])
  t.is(code, 1)
  t.regex(stderr, /Topic interactions keeps records for 24 h, and one of 2025-01-01T.* is older/)
  t.is(await interactionsOn(cluster), 0)

  const ts = new Date(Date.now() - 60_000).toISOString()
  const event = { event_id: 'new-1', session_id: 's-new', event_type: 'view', product_id: 'p-new', ts }
  writeFileSync(join(root, 'new.jsonl'), `${JSON.stringify(event)}\n`)
  const worker = await shop.stream('worker-a')
  await untilReady(worker)
  t.regex(worker.output(), /warning: topic interactions keeps records for 24 h/)
  const loaded = await shop.run(['load', join(root, 'new.jsonl'), '--json'])
  t.is(loaded.code, 0, loaded.stderr)
  t.is(JSON.parse(loaded.stdout).accepted, 1)
})
