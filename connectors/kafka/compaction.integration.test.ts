import { setTimeout as sleep } from 'node:timers/promises'
import test from 'ava'
import { offsetsOf } from './list-offsets.ts'
import { kafkaStories, record } from './testing/kafka-fixture.ts'

const story = kafkaStories(test, 1)

story('a compacted changelog is restored to its end, though nothing is at its last offsets', async (kafka, t) => {
  const topic = await kafka.topic('compacted', {
    configs: {
      'cleanup.policy': 'compact',
      'segment.ms': '500',
      'min.cleanable.dirty.ratio': '0.001',
      'min.compaction.lag.ms': '0',
      'max.compaction.lag.ms': '500',
      'delete.retention.ms': '0'
    }
  })
  const cluster = kafka.cluster()
  const producers = [await kafka.producer('a'), await kafka.producer('b')]
  const expected = new Map<string, string>()
  const round = async (n: number) => {
    for (const [index, producer] of producers.entries()) {
      for (let key = 0; key < 50; key++) producer.add(topic, 0, record(`${n}`, { key: `k${key}` }))
      const isAborted = n % 3 === 2
      if (isAborted) {
        await producer.sent()
        await producer.abort()
      } else {
        await producer.commit()
        for (let key = 0; key < 50; key++) expected.set(`k${key}`, `${n}`)
      }
      void index
    }
  }
  const place = [{ topic, partition: 0 }]
  let records = 0
  let end = 0
  for (let n = 0; n < 40; n++) {
    await round(n)
    await sleep(400)
    if (n < 11) continue
    end = (await offsetsOf(cluster, place, 'highWatermark')).get(topic)?.get(0) ?? 0
    const restored = await restore(end)
    records = restored.records
    t.deepEqual(restored.values, expected)
    t.is(restored.position, end)
    if (records < end / 2) break
  }
  t.log(`${records} records up to offset ${end}`)
  t.true(records < end / 2)

  async function restore(end: number) {
    const reader = kafka.reader({}, cluster)
    reader.seek(topic, 0, 0)
    const values = new Map<string, string>()
    let count = 0
    let position = 0
    while (position < end) {
      const batch = reader.read(topic, 0, 10_000)
      if (!batch) {
        await reader.arrived()
        continue
      }
      position = batch.nextOffset
      count += batch.count
      for (let i = 0; i < batch.count; i++) values.set(batch.key(i), `${batch.value(i)}`)
    }
    reader.close()
    return { values, records: count, position }
  }
})
