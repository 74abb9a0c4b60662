import { randomBytes } from 'node:crypto'
import test, { type Implementation, type TestFn } from 'ava'
import { codeOf } from '../../engine/errors.ts'
import type { Log } from '../../engine/log/log.ts'
import { type ContractLog, logContract, record, spec } from '../../engine/log/log-contract.ts'
import { Admin } from './admin.ts'
import { Cluster } from './cluster.ts'
import { KafkaLog } from './kafka-log.ts'
import { type BrokerCluster, startBrokers } from './testing/broker.ts'
import { missingForBroker } from './testing/broker-jars.ts'

/** Topic names of the suite are used by every story: each gets a prefix of its own on the shared broker. */
function renamed(log: KafkaLog, prefix: string): ContractLog {
  const named = (name: string) => `${prefix}.${name}`
  return {
    ensureTopics: specs => log.ensureTopics(specs.map(one => ({ ...one, name: named(one.name) }))),
    topics: () => log.topics().map(one => ({ ...one, name: one.name.slice(prefix.length + 1) })),
    read: (topic, ...rest) => log.read(named(topic), ...rest),
    ready: (topic, ...rest) => log.ready(named(topic), ...rest),
    startOffset: (topic, partition) => log.startOffset(named(topic), partition),
    endOffset: (topic, partition) => log.endOffset(named(topic), partition),
    append: (topic, records, options) => log.append(named(topic), records, options),
    committed: group => log.committed(group)
  } satisfies Log & ContractLog
}

const missing = missingForBroker()
let brokers: BrokerCluster | undefined

if (!missing) {
  test.before(async t => {
    t.timeout(120_000)
    brokers = await startBrokers(1)
  })
  test.after.always(() => brokers?.stop())
}

async function open() {
  const cluster = new Cluster({ bootstrap: brokers?.addresses ?? [] })
  const prefix = `c${randomBytes(4).toString('hex')}`
  const log = new KafkaLog({ cluster, prefix: `${prefix}.`, reader: { maxWaitMs: 50 } })
  const close = async () => {
    await log.close()
    await cluster.close()
  }
  return { log: renamed(log, prefix), cluster, prefix, close }
}

const story = (title: string, run: Implementation<[]>) =>
  missing ? test.skip(`${title} (skipped: ${missing})`, run) : test.serial(title, run)

logContract(story as TestFn, 'Kafka', open)

story('Kafka: a topic that keeps too little, or takes too small records, is refused in one sentence', async t => {
  const { log, close } = await open()
  await log.ensureTopics([spec({ retentionMs: 86_400_000, recordBytesMax: 1000 })])
  await log.ensureTopics([spec({ retentionMs: 3_600_000, recordBytesMax: 500 })])
  for (const traits of [
    { retentionMs: 864_000_000, recordBytesMax: 1000 },
    { retentionMs: 1, recordBytesMax: 9 << 20 }
  ]) {
    const error = await t.throwsAsync(log.ensureTopics([spec(traits)]))
    t.is(codeOf(error), 'topic_mismatch')
    t.regex((error as Error).message, /^Topic .* exists with .* is needed: .*\.$/)
  }
  await close()
})

story('Kafka: a compacted topic keeps its tombstones for a week; one that keeps them for less is refused', async t => {
  const { log, cluster, prefix, close } = await open()
  const admin = new Admin(cluster)
  const topic = `${prefix}.lists`
  const keptMs = async () => (await admin.topicConfigs([topic])).get(topic)?.get('delete.retention.ms')
  await log.ensureTopics([spec({ name: 'lists', cleanup: 'compact' })])
  t.is(await keptMs(), '604800000')
  await log.ensureTopics([spec({ name: 'lists', cleanup: 'compact' })])

  const configs = { 'cleanup.policy': 'compact', 'max.message.bytes': '2000000', 'delete.retention.ms': '86400000' }
  await admin.createTopics([{ name: `${prefix}.short`, partitions: 1, configs }])
  const error = await t.throwsAsync(log.ensureTopics([spec({ name: 'short', cleanup: 'compact' })]))
  t.is(codeOf(error), 'topic_mismatch')
  t.regex((error as Error).message, /delete\.retention\.ms 86400000, and 604800000 is needed/)
  await close()
})

story('Kafka: a load goes on where it stood, in another process too', async t => {
  const { log, cluster, prefix, close } = await open()
  const load = (into: Log, to: string) =>
    into.append('clicks', [record('u1', to)], { producer: { name: 'orders', to } })
  await log.ensureTopics([spec()])
  await load(log, '9')
  const other = new KafkaLog({ cluster, prefix: `${prefix}.` })
  const again = renamed(other, prefix)
  await again.ensureTopics([spec()])
  await load(again, '9')
  await load(again, '10')
  await again.ready?.('clicks', 0, 0)
  const first = again.read('clicks', 0, 0, 1 << 20)
  await again.ready?.('clicks', 0, first?.nextOffset ?? 0)
  const second = again.read('clicks', 0, first?.nextOffset ?? 0, 1 << 20)
  t.deepEqual([`${first?.value(0)}`, `${second?.value((second?.count ?? 1) - 1)}`], ['9', '10'])
  await other.close()
  await close()
})
