import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { Admin } from '../connectors/kafka/admin.ts'
import { Cluster } from '../connectors/kafka/cluster.ts'
import { type BrokerCluster, startBrokers } from '../connectors/kafka/testing/broker.ts'
import type { Finding } from './cli/finding.ts'
import type { StartedInstance } from './testing/instance.ts'
import { KafkaShop, untilReady } from './testing/kafka-shop.ts'
import { kafkaStories } from './testing/kafka-stories.ts'
import { type Ran, runMillrace } from './testing/run-millrace.ts'

/** `millrace doctor` on Kafka: what it says of servers, topics and processes that are there, and of those that are not. */

const root = mkdtempSync(join(tmpdir(), 'millrace-doctor-'))
const nowhere = '127.0.0.1:1'
let brokers: BrokerCluster
let shop: KafkaShop
const workers: StartedInstance[] = []

const story = kafkaStories(test, {
  open: async () => {
    brokers = await startBrokers(1)
    shop = new KafkaShop(brokers, root)
  },
  close: async () => {
    await shop?.close()
    await brokers?.stop()
    rmSync(root, { recursive: true, force: true })
  },
  processes: () => workers,
  timeoutMs: 60_000
})

function findingsIn({ stdout }: Ran): Map<string, Finding> {
  return new Map((JSON.parse(stdout) as Finding[]).map(finding => [finding.check, finding]))
}

async function admin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
  const cluster = new Cluster({ bootstrap: brokers.addresses })
  try {
    return await work(new Admin(cluster))
  } finally {
    await cluster.close()
  }
}

test.serial('with the servers away the doctor says of each what to do', async t => {
  const args = ['doctor', '--log', 'kafka', '--data', join(root, 'away'), '--json']
  const env = {
    MILLRACE_KAFKA_BROKERS: nowhere,
    MILLRACE_REGISTRY_URL: `http://${nowhere}`,
    MILLRACE_REDIS_URL: `redis://${nowhere}`
  }
  const ran = await runMillrace(args, { cwd: root, env })
  t.is(ran.code, 1, ran.stderr)
  const found = findingsIn(ran)
  for (const [check, status] of Object.entries({ kafka: 'fail', registry: 'fail', redis: 'warn' } as const)) {
    t.is(found.get(check)?.status, status, check)
    t.truthy(found.get(check)?.remedy, check)
  }
  t.false(found.has('topics'))
})

story('before the first start nothing stands in the way', async t => {
  const ran = await shop.run(['doctor', '--json'])
  t.is(ran.code, 0, ran.stdout)
  const found = findingsIn(ran)
  t.is(found.get('kafka')?.status, 'ok')
  t.regex(found.get('topics')?.detail ?? '', /^0 are there and fit, \d+ are made with the first start$/)
})

story('a topic that does not fit fails, one that keeps its records for a time only is warned of', async t => {
  await admin(async one => {
    const compact = { 'cleanup.policy': 'compact', 'max.message.bytes': '2000000', 'delete.retention.ms': '86400000' }
    await one.createTopics([
      { name: 'products', partitions: 2, configs: compact },
      { name: 'interactions', partitions: 2, configs: { 'retention.ms': '2592000000', 'max.message.bytes': '2000000' } }
    ])
  })
  const ran = await shop.run(['doctor', '--json'])
  t.is(ran.code, 1)
  const found = findingsIn(ran)
  t.is(found.get('topic products')?.status, 'fail')
  t.regex(found.get('topic products')?.detail ?? '', /delete\.retention\.ms 86400000, and 604800000 is needed/)
  t.is(found.get('topic interactions')?.status, 'warn')
  t.regex(found.get('topic interactions')?.detail ?? '', /keeps records for 30 days/)
  t.regex(found.get('topic interactions')?.remedy ?? '', /Lower events\.max_age \(2y\)/)
  await admin(one => one.deleteTopics(['products']))
})

story('the ports of a worker that runs on the directory are its own, not taken', async t => {
  const worker = await shop.stream('worker')
  workers.push(worker)
  await untilReady(worker)
  t.regex(worker.output(), /warning: topic interactions keeps records for 30 days/)
  const port = new URL(worker.adminUrl).port
  const args = ['doctor', '--log', 'kafka', '--data', join(root, 'worker'), '--json']
  const env = {
    MILLRACE_KAFKA_BROKERS: brokers.addresses.join(','),
    MILLRACE_KAFKA_PARTITIONS: '2',
    MILLRACE_HTTP_PORT: '0',
    MILLRACE_ADMIN_PORT: port
  }
  const ran = await runMillrace(args, { cwd: root, env })
  t.is(ran.code, 0, ran.stdout)
  const found = findingsIn(ran)
  t.regex(found.get('worker')?.detail ?? '', /: ready$/)
  t.false(found.has('admin.port'))
  t.regex(found.get('topics')?.detail ?? '', /^\d+ are there and fit, 0 are made/)
  const elsewhere = [...args.slice(0, 4), join(root, 'other'), '--json']
  t.is(findingsIn(await runMillrace(elsewhere, { cwd: root, env })).get('admin.port')?.status, 'fail')
})
