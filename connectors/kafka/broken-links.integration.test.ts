import test from 'ava'
import { IdempotentProducer } from './idempotent-producer.ts'
import { kafkaStories, readTo, record } from './testing/kafka-fixture.ts'
import { TcpProxy } from './testing/tcp-proxy.ts'
import { TransactionalProducer } from './transactional-producer.ts'

const proxy = new TcpProxy()
const story = kafkaStories(test, 1, async () => ({ advertisedPort: await proxy.listen() }))

test.after.always(() => proxy.close())

const seed = Number(process.env.SEED ?? 7)

/** Deterministic: a linear congruence. */
function dice(start: number): () => number {
  let state = start
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

story('connections cut in the middle of an answer lose no record and double none', async (kafka, t) => {
  t.log(`seed ${seed}`)
  proxy.forwardTo(kafka.brokers.nodes[0].port)
  const topic = await kafka.topic('cut', { partitions: 2 })
  const cluster = kafka.cluster({ bootstrap: [`127.0.0.1:${proxy.port}`] })
  const appender = new IdempotentProducer(cluster)
  const reader = kafka.reader({ fetchBytesMax: 200_000, partitionBytesMax: 100_000 }, cluster)
  reader.seek(topic, 0, 0)
  const roll = dice(seed)
  proxy.onAnswer = piece => (roll() < 0.1 ? { cutAt: Math.floor(roll() * piece.length) } : undefined)
  for (let i = 0; i < 100; i++) {
    await appender.append(
      topic,
      [0, 1, 2, 3].map(j => ({ ...record(`${i * 4 + j} ${'x'.repeat(5_000)}`), partition: 0 }))
    )
  }
  const seen = await readTo(reader, { topic, from: 0, end: 400 })
  t.log(`${proxy.cuts} connections were cut`)
  t.true(proxy.cuts > 10)
  t.deepEqual(
    seen.map(line => Number(line.split(':')[1].split(' ')[0])),
    Array.from({ length: 400 }, (_, i) => i)
  )
})

story('transactions survive cut connections, each committed once', async (kafka, t) => {
  t.log(`seed ${seed}`)
  const topic = await kafka.topic('cut-transactions')
  const cluster = kafka.cluster({ bootstrap: [`127.0.0.1:${proxy.port}`] })
  const producer = new TransactionalProducer(cluster, { transactionalId: `cut-${kafka.run}` })
  await producer.claim()
  const roll = dice(seed)
  proxy.onAnswer = piece => (roll() < 0.05 ? { cutAt: Math.floor(roll() * piece.length) } : undefined)
  for (let i = 0; i < 60; i++) {
    producer.add(topic, 0, record(String(i)))
    await producer.commit({ group: `g-${topic}`, positions: new Map([[topic, new Map([[0, { offset: i }]])]]) })
  }
  proxy.onAnswer = undefined
  t.deepEqual(
    (await kafka.visible(topic)).map(line => Number(line.split(':')[1])),
    Array.from({ length: 60 }, (_, i) => i)
  )
})
