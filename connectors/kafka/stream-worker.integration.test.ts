import { randomBytes } from 'node:crypto'
import test, { type ExecutionContext } from 'ava'
import { StreamWorker } from '../../engine/distributed/stream-worker.ts'
import { workerTopics } from '../../engine/distributed/worker-topics.ts'
import { partitionOf } from '../../engine/log/partition-of.ts'
import type { StreamCluster } from '../../engine/ports/cluster.ts'
import { MemoryStore } from '../../engine/stores/memory-store.ts'
import { companions, coTouched, loud, seededTouches, shout, touches } from '../../engine/testing/co-touched.ts'
import { driveTopology } from '../../engine/testing/drive-topology.ts'
import { openStreamCluster } from './stream-cluster.ts'
import { type BrokerCluster, startBrokers } from './testing/broker.ts'
import { missingForBroker } from './testing/broker-jars.ts'

const missing = missingForBroker()
let brokers: BrokerCluster | undefined

if (!missing) {
  test.before(async t => {
    t.timeout(120_000)
    brokers = await startBrokers(1)
  })
  test.after.always(() => brokers?.stop())
}

const partitions = 4
const topologies = () => [coTouched(), shout()]

function story(title: string, run: (t: ExecutionContext, shop: Shop) => Promise<void>) {
  if (missing) return test.skip(`${title} (skipped: ${missing})`, () => undefined)
  test.serial(title, async t => {
    t.timeout(120_000)
    const shop = new Shop(brokers as BrokerCluster)
    try {
      await shop.open()
      await run(t, shop)
    } finally {
      await shop.close()
    }
  })
}

/** Topics of its own on the shared broker, and the workers that a story starts. */
class Shop {
  readonly namespace = `n${randomBytes(4).toString('hex')}`
  readonly #brokers: BrokerCluster
  readonly #clusters: StreamCluster[] = []
  readonly running = new Map<string, { worker: StreamWorker; store: MemoryStore; ended: Promise<void> }>()
  readonly restarts: string[] = []
  #admin!: StreamCluster

  constructor(brokers: BrokerCluster) {
    this.#brokers = brokers
  }

  cluster(worker: string): StreamCluster {
    const cluster = openStreamCluster({
      connection: { bootstrap: this.#brokers.addresses },
      namespace: this.namespace,
      worker,
      standbysPerTask: 1,
      replicationFactor: 1,
      sessionTimeoutMs: 6_000,
      transactionTimeoutMs: 10_000
    })
    this.#clusters.push(cluster)
    return cluster
  }

  async open(): Promise<void> {
    this.#admin = this.cluster('admin')
    await this.#admin.ensureTopics(
      workerTopics({ topologies: this.topologies(), namespace: this.namespace, partitions })
    )
  }

  /** Inputs and outputs are the story's own: their names carry its namespace. */
  topologies() {
    return topologies()
  }

  async start(name: string, store = new MemoryStore()): Promise<void> {
    const worker = new StreamWorker({
      topologies: this.topologies(),
      cluster: this.cluster(name),
      store,
      namespace: this.namespace,
      partitions,
      commitIntervalMs: 50,
      catchUpIntervalMs: 100,
      cacheBytes: 64 << 20,
      onRestart: error => this.restarts.push(`${name}: ${error.code} ${error.message}`)
    })
    const ended = worker.run()
    ended.catch(error => this.restarts.push(`${name} ended: ${error}`))
    this.running.set(name, { worker, store, ended })
  }

  async write(records: ReturnType<typeof seededTouches>): Promise<void> {
    const byPartition = Map.groupBy(records, ({ key }) => partitionOf(key, partitions))
    for (const [partition, some] of byPartition) {
      const encoded = some.map(({ key, item, timestamp }) => ({
        key,
        value: touches.value.encode({ item }),
        timestamp
      }))
      await this.#admin.append(touches.name, partition, encoded)
    }
  }

  /** Last value per key, as a committed-only reader sees it. */
  async read(topic: string): Promise<Map<string, string>> {
    const reader = this.#admin.reader('inputs')
    const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))
    const ends = await this.#admin.offsets(all, 'lastStable')
    const last = new Map<string, string>()
    for (const { partition } of all) {
      const end = ends.get(topic)?.get(partition) ?? 0
      reader.seek(topic, partition, 0)
      while ((reader.state(topic, partition)?.position ?? 0) < end) {
        await reader.arrived()
        const batch = reader.read(topic, partition, 1 << 20)
        for (let i = 0; i < (batch?.count ?? 0); i++) {
          const value = batch?.value(i)
          if (value) last.set(batch?.key(i) as string, value.toString())
          this.seen++
        }
      }
      reader.remove(topic, partition)
    }
    reader.close()
    return last
  }
  seen = 0

  async until(isTrue: () => Promise<boolean>, timeoutMs = 60_000): Promise<boolean> {
    const end = Date.now() + timeoutMs
    while (!(await isTrue())) {
      if (Date.now() > end) return false
      await new Promise(resolve => setTimeout(resolve, 200))
    }
    return true
  }

  async close(): Promise<void> {
    for (const { worker } of this.running.values()) await worker.stop().catch(() => undefined)
    for (const cluster of this.#clusters) await cluster.close()
  }
}

function expected(records: ReturnType<typeof seededTouches>): Map<string, string> {
  const driver = driveTopology(topologies(), { commitEach: false })
  for (const { key, item, timestamp } of records) driver.append(touches, key, { item }, timestamp)
  driver.commit()
  return new Map([...driver.viewAll(companions)].map(([key, value]) => [key, JSON.stringify(value)]))
}

const sorted = (map: Map<string, string>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1))

story('one worker computes what the embedded stream computes', async (t, shop) => {
  const records = seededTouches(500)
  await shop.start('a')
  await shop.write(records)
  const want = sorted(expected(records))
  const view = `${shop.namespace}.companions.v1`
  const isDone = await shop.until(
    async () => JSON.stringify(sorted(await shop.read(view))) === JSON.stringify(want),
    30_000
  )
  t.log(shop.restarts)
  t.true(isDone)
  t.deepEqual(sorted(await shop.read(view)), want)
  shop.seen = 0
  await shop.read(loud.name)
  t.is(shop.seen, 500)
})
