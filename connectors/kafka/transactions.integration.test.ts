import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { codeOf } from '../../engine/errors.ts'
import { Admin } from './admin.ts'
import { committedOffsets } from './committed-offsets.ts'
import { IdempotentProducer } from './idempotent-producer.ts'
import { offsetsOf } from './list-offsets.ts'
import { kafkaStories, readTo, record } from './testing/kafka-fixture.ts'
import { TransactionalProducer, transactionFaultPoints } from './transactional-producer.ts'

const story = kafkaStories(test, 1)

/** What both JavaScript clients hand out under read_committed in one of these cases. */
story(
  'no record of an aborted transaction is ever seen: overlap, zero keys, two aborts, large ones',
  async (kafka, t) => {
    const [overlap, zeroKey, twice, large] = await Promise.all(
      ['overlap', 'zero-key', 'twice', 'large'].map(name => kafka.topic(name))
    )
    const [a, b] = [await kafka.producer('a'), await kafka.producer('b')]
    const put = async (producer: TransactionalProducer, topic: string, value: string, key: string | Buffer = 'k') => {
      producer.add(topic, 0, record(value, { key }))
      // Each in a batch of its own.
      await producer.sent()
    }
    await put(a, overlap, 'A0')
    await put(b, overlap, 'B1')
    await put(b, overlap, 'B2')
    await put(a, overlap, 'A3')
    await a.abort()
    await b.abort()
    await put(a, zeroKey, 'C0')
    await put(a, zeroKey, 'C1', Buffer.alloc(4))
    await put(a, zeroKey, 'C2')
    await a.abort()
    for (const value of ['D0', 'D1']) {
      await put(a, twice, value)
      await a.abort()
    }
    for (let i = 0; i < 12; i++) await put(a, large, 'x'.repeat(500_000))
    await a.abort()
    for (const topic of [overlap, zeroKey, twice, large]) await put(b, topic, 'committed')
    await b.commit()

    for (const from of [0, 1, 2, 3]) t.deepEqual(await kafka.visible(overlap, from), ['6:committed'])
    t.deepEqual(await kafka.visible(zeroKey), ['4:committed'])
    t.deepEqual(await kafka.visible(twice), ['4:committed'])
    t.deepEqual(await kafka.visible(large, 0, { fetchBytesMax: 1 << 20, partitionBytesMax: 1 << 20 }), ['13:committed'])
    t.is((await kafka.visible(overlap, 0, { isolation: 'uncommitted' })).length, 5)
  }
)

story('outputs and offsets become visible as one, or not at all', async (kafka, t) => {
  const [input, output] = [await kafka.topic('in'), await kafka.topic('out')]
  const group = `g-${kafka.run}`
  const producer = await kafka.producer('p')
  const offsets = (offset: number) => ({
    group,
    positions: new Map([[input, new Map([[0, { offset, metadata: 'time 7' }]])]])
  })
  producer.add(output, 0, record('one'))
  await producer.sent()
  t.deepEqual(await kafka.visibleNow(output), [])
  await producer.commit(offsets(5))
  producer.add(output, 0, record('two'))
  await producer.sent()
  await producer.abort()
  producer.add(output, 0, record('three'))
  await producer.commit(offsets(9))
  t.deepEqual(await kafka.visible(output), ['0:one', '4:three'])
  const committed = await committedOffsets(kafka.cluster(), group)
  t.deepEqual(committed.get(input)?.get(0), { offset: 9, metadata: 'time 7' })
})

story('a newer owner of the transactional id fences the older, at every step', async (kafka, t) => {
  const output = await kafka.topic('fenced')
  const zombie = await kafka.producer('same')
  zombie.add(output, 0, record('zombie'))
  await zombie.sent()
  const heir = await kafka.producer('same')
  t.is(codeOf(await t.throwsAsync(zombie.commit())), 'fenced')
  t.is(codeOf(await t.throwsAsync(zombie.abort())), 'kafka_producer_misused')
  heir.add(output, 0, record('heir'))
  await heir.commit()
  t.deepEqual(
    (await kafka.visible(output)).map(line => line.split(':')[1]),
    ['heir']
  )
})

story('a commit whose answer is lost is repeated, and is there once', async (kafka, t) => {
  const output = await kafka.topic('lost-answer')
  let hits = 0
  const faults = {
    hit(point: string) {
      if (point === transactionFaultPoints[3] && hits++ === 0) throw new Error('the answer is lost')
    }
  }
  const producer = new TransactionalProducer(kafka.cluster(), { transactionalId: `lost-${kafka.run}`, faults })
  await producer.claim()
  producer.add(output, 0, record('once'))
  await producer.commit()
  t.is(hits, 2)
  t.deepEqual(await kafka.visible(output), ['0:once'])
})

story('a step that fails leaves only abort, after which the producer works on', async (kafka, t) => {
  const output = await kafka.topic('small', { configs: { 'max.message.bytes': '2000' } })
  const producer = await kafka.producer('p')
  producer.add(output, 0, record('good'))
  await producer.sent()
  producer.add(output, 0, record('x'.repeat(5000)))
  t.is(codeOf(await t.throwsAsync(producer.commit())), 'record_too_large')
  t.throws(() => producer.add(output, 0, record('more')))
  await t.throwsAsync(producer.commit())
  await producer.abort()
  producer.add(output, 0, record('again'))
  await producer.commit()
  t.deepEqual(
    (await kafka.visible(output)).map(line => line.split(':')[1]),
    ['again']
  )
})

story('committed offsets are told only when no open transaction can change them', async (kafka, t) => {
  const [input, output] = [await kafka.topic('in'), await kafka.topic('out')]
  const group = `g-${kafka.run}`
  const owner = await kafka.producer('owner')
  owner.add(output, 0, record('x'))
  await owner.sendOffsets({ group, positions: new Map([[input, new Map([[0, { offset: 3 }]])]]) })
  let isTold = false
  const asked = committedOffsets(kafka.cluster(), group, new Map([[input, [0]]])).then(told => {
    isTold = true
    return told
  })
  await sleep(500)
  t.false(isTold)
  await owner.commit()
  t.is((await asked).get(input)?.get(0)?.offset, 3)
})

story('a restore ends at the high watermark and waits for what is still open', async (kafka, t) => {
  const changelog = await kafka.topic('changelog')
  const producer = await kafka.producer('p')
  producer.add(changelog, 0, record('open'))
  await producer.sent()
  const cluster = kafka.cluster()
  const wanted = [{ topic: changelog, partition: 0 }]
  t.is((await offsetsOf(cluster, wanted, 'lastStable')).get(changelog)?.get(0), 0)
  const end = (await offsetsOf(cluster, wanted, 'highWatermark')).get(changelog)?.get(0) ?? 0
  t.is(end, 1)
  const restored = readTo(kafka.reader({}, cluster), { topic: changelog, from: 0, end })
  await sleep(300)
  await producer.commit()
  t.deepEqual(await restored, ['0:open'])
})

story('an offset that is gone is an error, never a jump', async (kafka, t) => {
  const topic = await kafka.topic('gone')
  const cluster = kafka.cluster()
  const producer = new IdempotentProducer(cluster)
  const records = Array.from({ length: 100 }, (_, i) => ({ ...record(`v${i}`), partition: 0 }))
  t.deepEqual([...(await producer.append(topic, records))], [[0, 99]])
  await new Admin(cluster).deleteRecords([{ topic, partition: 0, offset: 50 }])
  const reader = kafka.reader({}, cluster)
  for (const offset of [10, 200]) {
    reader.seek(topic, 0, offset)
    await reader.arrived()
    t.is(codeOf(t.throws(() => reader.read(topic, 0, 1000))), 'offset_out_of_range')
    t.is(codeOf(t.throws(() => reader.read(topic, 0, 1000))), 'offset_out_of_range')
  }
  t.is((await kafka.visible(topic, 50)).length, 50)
})

story('a broker that restarts in an open transaction costs nothing but time', async (kafka, t) => {
  const output = await kafka.topic('restart')
  const producer = await kafka.producer('p')
  const reader = kafka.reader()
  reader.seek(output, 0, 0)
  producer.add(output, 0, record('before'))
  await producer.sent()
  await kafka.brokers.nodes[0].stop()
  producer.add(output, 0, record('during'))
  const committed = producer.commit()
  await kafka.brokers.nodes[0].start()
  await committed
  t.deepEqual(
    (await readTo(reader, { topic: output, from: 0, end: 3 })).map(line => line.split(':')[1]),
    ['before', 'during']
  )
})

story('a topic that was deleted and made anew is not read on as if it were the old one', async (kafka, t) => {
  const topic = await kafka.topic('replaced')
  const cluster = kafka.cluster()
  const admin = new Admin(cluster)
  const fill = (word: string, count: number) =>
    new IdempotentProducer(cluster).append(
      topic,
      Array.from({ length: count }, (_, i) => ({ ...record(`${word}${i}`), partition: 0 }))
    )
  await fill('old', 3)
  const reader = kafka.reader({}, cluster)
  t.is((await readTo(reader, { topic, from: 0, end: 3 })).length, 3)
  await admin.deleteTopics([topic])
  await sleep(1_000)
  await admin.createTopics([{ name: topic, partitions: 1, configs: {} }])
  await fill('new', 10)
  await reader.arrived()
  t.is(codeOf(t.throws(() => reader.read(topic, 0, 1000))), 'topic_replaced')
  t.is((await kafka.visible(topic)).length, 10)
})

story('many half-full batches leave as they are before they fill the memory', async (kafka, t) => {
  const topic = await kafka.topic('wide', { partitions: 40 })
  const producer = new TransactionalProducer(kafka.cluster(), {
    transactionalId: `wide-${kafka.run}`,
    bufferBytesMax: 1 << 20
  })
  await producer.claim()
  let most = 0
  for (let round = 0; round < 5; round++) {
    for (let p = 0; p < 40; p++) {
      producer.add(topic, p, record('x'.repeat(30_000)))
      most = Math.max(most, producer.bufferedBytes)
      if (producer.isFull) await producer.room()
    }
  }
  await producer.commit()
  t.true(most < 1.2 * (1 << 20))
  t.is((await kafka.visible(topic)).length, 5)
})
