/**
 * What a record costs this client, in CPU seconds per million records: written, read, and both in transactions.
 *
 *     npm run bench -- client [--json] [--records 300000] [--rounds 3] [--brokers host:port]
 *
 * Records have a key of 14 bytes and a value of 134. Without --brokers a real broker is started (Java and Maven).
 */
import { parseArgs } from 'node:util'
import { Admin } from './admin.ts'
import { Cluster } from './cluster.ts'
import { type Compression, compressions } from './compression.ts'
import { IdempotentProducer } from './idempotent-producer.ts'
import { offsetsOf } from './list-offsets.ts'
import { PartitionReader } from './reader.ts'
import { startBrokers } from './testing/broker.ts'
import { TransactionalProducer } from './transactional-producer.ts'

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean' },
    records: { type: 'string', default: '300000' },
    rounds: { type: 'string', default: '3' },
    brokers: { type: 'string' }
  }
})
const records = Number(flags.records)
const partitions = 4
const perAppend = 2_000
const value = Buffer.alloc(134, 'a')
const run = Date.now().toString(36)

interface Figure {
  name: string
  cpuSecondsPerMillion: number
  recordsPerSecond: number
  commits?: number
}

const brokers = flags.brokers ? undefined : await startBrokers(1)
const cluster = new Cluster({ bootstrap: flags.brokers?.split(',') ?? brokers?.addresses ?? [] })
const topics = {
  input: `bench-in-${run}`,
  packed: `bench-packed-${run}`,
  output: `bench-out-${run}`,
  changelog: `bench-changelog-${run}`
}

try {
  const settings = { partitions, configs: { 'retention.ms': '-1' } }
  await new Admin(cluster).createTopics(Object.values(topics).map(name => ({ name, ...settings })))
  const figures = new Map<string, Figure[]>()
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const compression of compressions) {
      const topic = compression === 'none' ? topics.input : topics.packed
      await measure(`produce, ${compression}`, () => produce(topic, compression))
    }
    await measure('consume, committed only', () => consume(topics.input))
    await measure('consume, committed only, compressed', () => consume(topics.packed))
    for (const everyMs of [100, 1_000]) {
      await measure(`transactional loop, commit every ${everyMs} ms`, () => transform(everyMs))
    }
  }
  for (const [name, all] of figures) report(name, all)

  async function measure(name: string, work: () => Promise<{ count: number; commits?: number }>): Promise<void> {
    const [cpu, startedMs] = [process.cpuUsage(), performance.now()]
    const { count, commits } = await work()
    const { user, system } = process.cpuUsage(cpu)
    const recordsPerSecond = Math.round((count / (performance.now() - startedMs)) * 1000)
    const figure = { name, cpuSecondsPerMillion: (user + system) / count, recordsPerSecond, commits }
    figures.set(name, [...(figures.get(name) ?? []), figure])
  }
} finally {
  await cluster.close()
  await brokers?.stop()
}

function report(name: string, all: readonly Figure[]): void {
  const sorted = [...all].sort((a, b) => a.cpuSecondsPerMillion - b.cpuSecondsPerMillion)
  const median = sorted[Math.floor(sorted.length / 2)]
  const cpu = Number(median.cpuSecondsPerMillion.toFixed(2))
  if (flags.json) console.log(JSON.stringify({ ...median, cpuSecondsPerMillion: cpu }))
  else console.log(`${name.padEnd(42)} ${cpu.toFixed(2)} CPU s per million, ${median.recordsPerSecond} records/s`)
}

async function produce(topic: string, compression: Compression): Promise<{ count: number }> {
  const producer = new IdempotentProducer(cluster, { compression })
  for (let i = 0; i < records; i += perAppend) {
    const timestamp = Date.now()
    await producer.append(
      topic,
      Array.from({ length: perAppend }, (_, j) => ({
        key: `user-${i + j}`.padEnd(14),
        value,
        timestamp,
        partition: j % partitions
      }))
    )
  }
  return { count: records }
}

async function ends(topic: string): Promise<number[]> {
  const places = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))
  const found = (await offsetsOf(cluster, places, 'lastStable')).get(topic)
  return places.map(({ partition }) => found?.get(partition) ?? 0)
}

async function consume(topic: string): Promise<{ count: number }> {
  const until = await ends(topic)
  const reader = new PartitionReader(cluster)
  for (let p = 0; p < partitions; p++) reader.seek(topic, p, 0)
  let count = 0
  let bytes = 0
  while (until.some((end, p) => (reader.state(topic, p)?.position ?? 0) < end)) {
    let isIdle = true
    for (let p = 0; p < partitions; p++) {
      const batch = reader.read(topic, p, 1 << 18)
      if (!batch) continue
      isIdle = false
      count += batch.count
      for (let i = 0; i < batch.count; i++) bytes += batch.key(i).length + (batch.value(i)?.length ?? 0)
    }
    if (isIdle) await reader.arrived()
  }
  reader.close()
  return { count: bytes > 0 ? count : 0 }
}

/** Read, one output per record, one changelog record per ten, offsets, commit. */
async function transform(everyMs: number): Promise<{ count: number; commits: number }> {
  const until = (await ends(topics.input)).map(end => Math.min(end, Math.ceil(records / partitions)))
  const reader = new PartitionReader(cluster)
  for (let p = 0; p < partitions; p++) reader.seek(topics.input, p, 0)
  const producer = new TransactionalProducer(cluster, { transactionalId: `bench-${run}` })
  await producer.claim()
  const positionOf = (p: number) => reader.state(topics.input, p)?.position ?? 0
  let [count, commits, sinceMs] = [0, 0, performance.now()]
  const commit = async () => {
    const positions = new Map(until.map((_, p) => [p, { offset: positionOf(p) }]))
    await producer.commit({ group: `bench-${run}`, positions: new Map([[topics.input, positions]]) })
    commits++
    sinceMs = performance.now()
  }
  while (until.some((end, p) => positionOf(p) < end)) {
    let isIdle = true
    for (let p = 0; p < partitions; p++) {
      const batch = reader.read(topics.input, p, 1 << 17)
      if (!batch) continue
      isIdle = false
      for (let i = 0; i < batch.count; i++, count++) {
        const record = { key: batch.keyBytes(i), value: batch.value(i), timestamp: batch.timestamp(i) }
        producer.add(topics.output, p, record)
        if (count % 10 === 0) producer.add(topics.changelog, p, record)
      }
    }
    if (producer.isFull) await producer.room()
    if (performance.now() - sinceMs >= everyMs) await commit()
    else if (isIdle) await reader.arrived()
    else await new Promise(setImmediate)
  }
  await commit()
  await producer.close()
  reader.close()
  return { count, commits }
}
