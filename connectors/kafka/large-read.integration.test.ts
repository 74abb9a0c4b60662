import test from 'ava'
import { IdempotentProducer } from './idempotent-producer.ts'
import { kafkaStories, record } from './testing/kafka-fixture.ts'

const story = kafkaStories(test, 1)

/** `LARGE_READ_MB=1000` for the whole promise. */
const megabytes = Number(process.env.LARGE_READ_MB ?? 200)
const recordBytes = 10_000
const growthMbMax = 120

story(`${megabytes} MB are read with flat memory, however slowly`, async (kafka, t) => {
  t.timeout(600_000)
  const partitions = 4
  const topic = await kafka.topic('large', { partitions })
  const cluster = kafka.cluster()
  const appender = new IdempotentProducer(cluster)
  const perAppend = 400
  const appends = Math.ceil((megabytes * 1e6) / recordBytes / perAppend)
  const value = 'x'.repeat(recordBytes)
  for (let i = 0; i < appends; i++) {
    await appender.append(
      topic,
      Array.from({ length: perAppend }, (_, j) => ({ ...record(value), partition: j % partitions }))
    )
  }
  const reader = kafka.reader({ readAheadBytesMax: 16 << 20 }, cluster)
  for (let p = 0; p < partitions; p++) reader.seek(topic, p, 0)
  global.gc?.()
  const before = process.memoryUsage().rss
  let [count, bufferedMax, rssMax] = [0, 0, 0]
  while (count < appends * perAppend) {
    let isIdle = true
    for (let p = 0; p < partitions; p++) {
      const batch = reader.read(topic, p, 256 * 1024)
      if (!batch) continue
      isIdle = false
      count += batch.count
    }
    bufferedMax = Math.max(bufferedMax, reader.bufferedBytes)
    rssMax = Math.max(rssMax, process.memoryUsage.rss())
    if (isIdle) await reader.arrived()
    // Slower than the broker: the read-ahead is always full.
    else await new Promise(resolve => setTimeout(resolve, 1))
  }
  const grownMb = Math.round((rssMax - before) / 1e6)
  t.log(`grew by ${grownMb} MB; at most ${Math.round(bufferedMax / 1e6)} MB were read ahead`)
  t.true(bufferedMax <= (16 << 20) + partitions * 1_100_000)
  t.true(grownMb < growthMbMax)
})
