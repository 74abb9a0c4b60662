import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { type BrokerCluster, startBrokers } from '../connectors/kafka/testing/broker.ts'
import type { StartedInstance } from './testing/instance.ts'
import { KafkaShop, post, untilReady } from './testing/kafka-shop.ts'
import { kafkaStories } from './testing/kafka-stories.ts'

/** A worker and two replicas as real processes on one broker. */

let brokers: BrokerCluster
let shop: KafkaShop
let root: string
let worker: StartedInstance
let replicas: StartedInstance[] = []

const story = kafkaStories(test, {
  open: async () => {
    root = mkdtempSync(join(tmpdir(), 'millrace-kafka-'))
    brokers = await startBrokers(1)
    shop = new KafkaShop(brokers, root)
    worker = await shop.stream('worker')
    replicas = await Promise.all([shop.serve('replica-a'), shop.serve('replica-b')])
    for (const instance of [worker, ...replicas]) await untilReady(instance)
  },
  close: async () => {
    await shop?.close()
    await brokers?.stop()
    rmSync(root, { recursive: true, force: true })
  },
  processes: () => [worker, ...replicas],
  timeoutMs: 150_000
})

const minute = 60_000
let serial = 0
const act = (user_id: string, session_id: string, [event_type, product_id]: [string, string], minutesAgo: number) => ({
  event_id: `e${++serial}`,
  user_id,
  session_id,
  event_type,
  product_id,
  ts: new Date(Date.now() - minutesAgo * minute).toISOString()
})

async function get(url: string): Promise<any> {
  return (await fetch(url)).json()
}

async function until<T>(look: () => Promise<T>, isThere: (found: T) => boolean): Promise<T> {
  for (;;) {
    const found = await look()
    if (isThere(found)) return found
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

const countsOf = async ({ url }: StartedInstance, product: string) => {
  const { features } = await get(`${url}/v1/products/${product}/features`)
  return `${features?.views ?? 0} ${features?.purchases ?? 0}`
}
const snapshotOf = (replica: string) => readFileSync(join(root, replica, 'serve', 'session-index.snapshot'), 'latin1')

story('a person erased through one replica is forgotten by the workers and by every replica', async t => {
  const [a, b] = replicas
  const events = [
    act('ann', 'phone-of-ann', ['view', 'p1'], 90),
    act('ann', 'phone-of-ann', ['purchase', 'p2'], 89),
    act('ann', 'laptop-of-ann', ['view', 'p1'], 30),
    act('bob', 'phone-of-bob', ['view', 'p1'], 20),
    act('bob', 'phone-of-bob', ['purchase', 'p2'], 19)
  ]
  t.is((await post(`${a.url}/v1/events`, { events })).status, 202)
  for (const one of replicas) {
    await until(
      () => countsOf(one, 'p1'),
      found => found === '3 0'
    )
    await until(
      () => countsOf(one, 'p2'),
      found => found === '0 2'
    )
  }

  const begun = (await (await fetch(`${a.url}/v1/users/ann`, { method: 'DELETE' })).json()) as { erasure_id: string }
  for (const one of replicas) {
    const receipt = await until(
      () => get(`${one.url}/v1/erasures/${begun.erasure_id}`),
      ({ state }) => state === 'done'
    )
    t.regex(receipt.places.find(({ place }: { place: string }) => place === 'session-index').detail, /: 2 visits/)
    t.is(await countsOf(one, 'p1'), '1 0', 'done means that counts are, too')
    t.is(await countsOf(one, 'p2'), '0 1')
    t.is((await get(`${one.url}/v1/users/ann/features`)).features, null)
    t.is((await get(`${one.url}/v1/users/bob/features`)).features.bought.length, 1)
  }
  await b.kill('SIGTERM')
  t.true(snapshotOf('replica-b').includes('phone-of-bob'))
  t.false(snapshotOf('replica-b').includes('phone-of-ann'))
})

story('the command erases too, and says so place by place', async t => {
  const [a] = replicas
  await until(
    () => countsOf(a, 'p1'),
    found => found === '1 0'
  )
  const { code, stdout, stderr } = await shop.run(['erase', '--user', 'bob', '--json'])
  t.is(code, 0, stderr)
  const { erasure_id, places } = JSON.parse(stdout)
  t.is(places[0].state, 'done')
  await until(
    () => get(`${a.url}/v1/erasures/${erasure_id}`),
    ({ state }) => state === 'done'
  )
  await until(
    () => countsOf(a, 'p1'),
    found => found === '0 0'
  )
})
