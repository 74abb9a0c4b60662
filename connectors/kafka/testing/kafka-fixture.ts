import { randomBytes } from 'node:crypto'
import type { ExecutionContext, TestFn } from 'ava'
import { Admin } from '../admin.ts'
import type { EncodableRecord } from '../batch-builder.ts'
import { Cluster, type ClusterOptions } from '../cluster.ts'
import { type OffsetKind, offsetsOf } from '../list-offsets.ts'
import { PartitionReader, type ReaderOptions } from '../reader.ts'
import { TransactionalProducer } from '../transactional-producer.ts'
import { type BrokerCluster, type BrokerOptions, startBrokers } from './broker.ts'
import { missingForBroker } from './broker-jars.ts'

/** What a test with real brokers works with; everything it opened is closed after it. */
export class KafkaFixture {
  readonly brokers: BrokerCluster
  readonly run = randomBytes(4).toString('hex')
  #opened: { close(): unknown }[] = []

  constructor(brokers: BrokerCluster) {
    this.brokers = brokers
  }

  cluster(options: Partial<ClusterOptions> = {}): Cluster {
    return this.#keep(new Cluster({ bootstrap: this.brokers.addresses, retryTimeoutMs: 30_000, ...options }))
  }

  /** A topic of its own for every test. */
  async topic(
    name: string,
    { partitions = 1, configs = {} }: { partitions?: number; configs?: Record<string, string> } = {}
  ) {
    const topic = `${name}-${this.run}`
    await new Admin(this.cluster()).createTopics([{ name: topic, partitions, configs }])
    return topic
  }

  async producer(id: string, cluster = this.cluster()): Promise<TransactionalProducer> {
    const producer = new TransactionalProducer(cluster, { transactionalId: `${id}-${this.run}`, timeoutMs: 20_000 })
    await producer.claim()
    return producer
  }

  reader(options: ReaderOptions = {}, cluster = this.cluster()): PartitionReader {
    return this.#keep(new PartitionReader(cluster, { maxWaitMs: 100, ...options }))
  }

  /** What stands in partition 0 once every transaction has ended: the marker of a commit follows its answer. */
  visible(topic: string, from = 0, options: ReaderOptions = {}): Promise<string[]> {
    return this.#seen(topic, { from, kind: 'highWatermark', options })
  }

  /** What a committed-only reader can reach now. */
  visibleNow(topic: string): Promise<string[]> {
    return this.#seen(topic, { from: 0, kind: 'lastStable', options: {} })
  }

  async #seen(topic: string, { from, kind, options }: { from: number; kind: OffsetKind; options: ReaderOptions }) {
    const cluster = this.cluster()
    const ends = await offsetsOf(cluster, [{ topic, partition: 0 }], kind)
    return readTo(this.reader(options, cluster), { topic, from, end: ends.get(topic)?.get(0) ?? 0 })
  }

  async close(): Promise<void> {
    for (const one of this.#opened.reverse()) await one.close()
    this.#opened = []
  }

  #keep<T extends { close(): unknown }>(one: T): T {
    this.#opened.push(one)
    return one
  }
}

/** As `offset:value`, up to the position `end`. */
export async function readTo(
  reader: PartitionReader,
  { topic, from, end, partition = 0 }: { topic: string; from: number; end: number; partition?: number }
): Promise<string[]> {
  const seen: string[] = []
  reader.seek(topic, partition, from)
  for (let position = from; position < end; ) {
    const batch = reader.read(topic, partition, 1 << 20)
    if (!batch) {
      await reader.arrived()
      continue
    }
    position = batch.nextOffset
    for (let i = 0; i < batch.count; i++) seen.push(`${batch.offset(i)}:${batch.value(i)?.toString().slice(0, 24)}`)
  }
  return seen
}

export function record(value: string, traits: Partial<EncodableRecord> = {}): EncodableRecord {
  return { key: 'k', value: Buffer.from(value), timestamp: Date.now(), ...traits }
}

type Story = (kafka: KafkaFixture, t: ExecutionContext) => Promise<void>

/** Tests of one file share its brokers. Without Java they are skipped, and say what to install. */
export function kafkaStories(test: TestFn, count: 1 | 3, options: () => Promise<BrokerOptions> = async () => ({})) {
  const missing = missingForBroker()
  let brokers: BrokerCluster | undefined
  if (!missing) {
    test.before(async t => {
      t.timeout(180_000)
      brokers = await startBrokers(count, await options())
    })
    test.after.always(async () => {
      await brokers?.stop()
    })
  }
  return (title: string, story: Story): void => {
    if (missing) {
      test.skip(`${title} (skipped: ${missing})`, t => t.pass())
      return
    }
    test.serial(title, async t => {
      t.timeout(120_000)
      const kafka = new KafkaFixture(brokers as BrokerCluster)
      try {
        await story(kafka, t)
      } finally {
        await kafka.close()
      }
    })
  }
}
