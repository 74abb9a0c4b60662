import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import { compressions } from './compression.ts'
import { IdempotentProducer } from './idempotent-producer.ts'
import { offsetsOf } from './list-offsets.ts'
import { javaReads, javaWrites } from './testing/java-tools.ts'
import { kafkaStories, readTo, record } from './testing/kafka-fixture.ts'
import { TransactionalProducer } from './transactional-producer.ts'

const story = kafkaStories(test, 1)
const peer = fileURLToPath(new URL('testing/kafkajs-peer.ts', import.meta.url))

async function kafkajs(...args: string[]): Promise<string> {
  const quiet = '--disable-warning=TimeoutNegativeWarning'
  return (await promisify(execFile)(process.execPath, [quiet, peer, ...args])).stdout
}

story('Kafka’s own consumer reads what is written here: every compression, headers, transactions', async (kafka, t) => {
  const topic = await kafka.topic('to-java')
  const cluster = kafka.cluster()
  const expected: string[] = []
  for (const compression of compressions) {
    const producer = new TransactionalProducer(cluster, { transactionalId: `${compression}-${kafka.run}`, compression })
    await producer.claim()
    for (let i = 0; i < 20; i++) {
      const timestamp = 1_700_000_000_000 + i
      producer.add(topic, 0, record(`${compression} ${i} ñ`, { key: `k${i}`, timestamp, headers: { by: 'millrace' } }))
      expected.push(`CreateTime:${timestamp}\tby:millrace\tk${i}\t${compression} ${i} ñ`)
    }
    await producer.commit()
    producer.add(topic, 0, record('aborted'))
    await producer.sent()
    await producer.abort()
  }
  const format = ['print.timestamp=true', 'print.key=true', 'print.headers=true']
  t.deepEqual(await javaReads(kafka.brokers.nodes[0], topic, { count: expected.length, format }), expected)
})

story('what Kafka’s own producer writes is read here: every compression', async (kafka, t) => {
  const topic = await kafka.topic('from-java')
  const expected: string[] = []
  for (const compression of compressions) {
    const lines = Array.from({ length: 50 }, (_, i) => `${compression} ${i} ${'tea '.repeat(50)}`)
    await javaWrites(kafka.brokers.nodes[0], topic, { lines, compression })
    expected.push(...lines.map(line => line.slice(0, 24)))
  }
  const seen = await kafka.visible(topic)
  t.deepEqual(
    seen.map(line => line.slice(line.indexOf(':') + 1)),
    expected
  )
})

story('kafkajs reads what is written here, and the other way round', async (kafka, t) => {
  const topic = await kafka.topic('kafkajs')
  const cluster = kafka.cluster()
  await kafkajs('write', kafka.brokers.addresses[0], topic)
  await new IdempotentProducer(cluster).append(topic, [{ ...record('ours', { headers: { by: 'us' } }), partition: 0 }])
  const end = (await offsetsOf(cluster, [{ topic, partition: 0 }], 'lastStable')).get(topic)?.get(0) ?? 0
  t.deepEqual(await readTo(kafka.reader({}, cluster), { topic, from: 0, end }), ['0:theirs', '1:ours'])
  const seen = JSON.parse(await kafkajs('read', kafka.brokers.addresses[0], topic))
  t.deepEqual(seen, ['theirs by kafkajs', 'ours by us'])
})
