/**
 * The tasks of the benchmark as stream workers, for a driver that measures from outside: what to run is in the environment
 * (kafka-streams.bench.ts). One process, THREADS threads, each a worker with its own directory.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { isMainThread, threadId, Worker, workerData } from 'node:worker_threads'
import { interactions, interactionsByItem } from '../../../engine/bench/peer-events.ts'
import { coOccurrenceOver, countByKeyOver, itemCounts, similarItems } from '../../../engine/bench/peer-topologies.ts'
import { StreamWorker } from '../../../engine/distributed/stream-worker.ts'
import { workerTopics } from '../../../engine/distributed/worker-topics.ts'
import { letHeapsGrow } from '../../../engine/heap-growth.ts'
import { RocksStore } from '../../../engine/stores/rocksdb-store.ts'
import { Cluster } from '../cluster.ts'
import { openStreamCluster } from '../stream-cluster.ts'

const env = process.env as Record<string, string>
const bootstrap = env.BOOTSTRAP_SERVERS.split(',')
const threads = Number(env.THREADS ?? 2)
const partitions = 4
/** As a stream process gives them with 256 MB a thread. */
const resourceLimits = { maxOldGenerationSizeMb: 173, maxYoungGenerationSizeMb: 48 }

interface Seed {
  name: string
  inputPartitions: number
  outputPartitions: number
}

if (isMainThread) await spawn()
else await work(workerData as Seed)

async function spawn(): Promise<void> {
  letHeapsGrow()
  const cluster = new Cluster({ bootstrap })
  const count = async (topic: string) =>
    (await cluster.retrying('asking', async () => cluster.topic(topic))).partitions.length
  const seed = { inputPartitions: await count(env.INPUT_TOPIC), outputPartitions: await count(env.OUTPUT_TOPIC) }
  const known = new Set((await cluster.allTopics()).map(({ name }) => name))
  await cluster.close()
  const admin = openStreamCluster({
    connection: { bootstrap },
    namespace: env.APPLICATION_ID,
    worker: 'admin',
    replicationFactor: 1
  })
  const topics = workerTopics({ ...topologyOf(seed), namespace: env.APPLICATION_ID, partitions })
  await admin.ensureTopics(topics.filter(({ name }) => !known.has(name)))
  await admin.close()
  for (let n = 1; n <= threads; n++) {
    const workerData: Seed = { ...seed, name: `w${n}` }
    const worker = new Worker(new URL(import.meta.url), { workerData, resourceLimits })
    worker.once('error', error => {
      console.error(error)
      process.exit(1)
    })
  }
}

function topologyOf({ inputPartitions, outputPartitions }: Pick<Seed, 'inputPartitions' | 'outputPartitions'>) {
  const input = { partitions: inputPartitions }
  const output = { partitions: outputPartitions }
  const names = new Map([
    [interactions.name, env.INPUT_TOPIC],
    [interactionsByItem.name, env.INPUT_TOPIC],
    ['item-pairs', env.PAIRS_TOPIC],
    [similarItems.name, env.OUTPUT_TOPIC],
    [itemCounts.name, env.OUTPUT_TOPIC]
  ])
  const topology =
    env.TOPOLOGY === 'co-occurrence'
      ? coOccurrenceOver({ ...interactions, ...input }, { ...similarItems, ...output })
      : countByKeyOver({ ...interactionsByItem, ...input }, { ...itemCounts, ...output })
  return { topologies: [topology], logNames: names }
}

async function work(seed: Seed): Promise<void> {
  const directory = join(env.STATE_DIR, seed.name)
  mkdirSync(directory, { recursive: true })
  const commitIntervalMs = Number(env.COMMIT_MS ?? 100)
  const cluster = openStreamCluster({
    connection: { bootstrap },
    namespace: env.APPLICATION_ID,
    worker: seed.name,
    replicationFactor: 1,
    heartbeatIntervalMs: 500,
    guarantee: env.GUARANTEE === 'at_least_once' ? 'at_least_once' : 'exactly_once'
  })
  const worker = new StreamWorker({
    ...topologyOf(seed),
    cluster,
    store: await RocksStore.open(directory, { memoryMb: 48 }),
    namespace: env.APPLICATION_ID,
    partitions,
    commitIntervalMs,
    catchUpIntervalMs: commitIntervalMs,
    cacheBytes: (64 << 20) / threads,
    purgeIntervalMs: env.KEEP_PAIRS === 'true' ? Number.POSITIVE_INFINITY : 30_000,
    onRestart: error => console.error(threadId, error.code, error.message)
  })
  await worker.run()
}
