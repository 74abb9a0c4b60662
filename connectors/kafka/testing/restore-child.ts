/** A stream worker that keeps the last note of every key, as a process of its own, for who kills it. Its task is its one argument. */

import { fileURLToPath } from 'node:url'
import { StreamWorker } from '../../../engine/distributed/stream-worker.ts'
import { workerTopics } from '../../../engine/distributed/worker-topics.ts'
import { type Id, processor, stringCodec, topic, topology, type ValueCodec, value } from '../../../engine/index.ts'
import { RocksStore } from '../../../engine/stores/rocksdb-store.ts'
import { openStreamCluster } from '../stream-cluster.ts'

export interface RestoreJob {
  bootstrap: readonly string[]
  namespace: string
  directory: string
  partitions: number
  /** Of the storage engine, as a stream thread of 256 MB gives it. */
  memoryMb: number
}

export type RestoreEvent =
  /** Its tasks run; changelog records read for it, the time from the first of them on, and CPU since the start, ms. */
  | { type: 'ready'; restored: number; restoreMs: number; cpuMs: number; rssMb: number }
  | { type: 'committed'; offset: number }

type Reader = Id<'reader'>
const text: ValueCodec<string> = { encode: text => Buffer.from(text), decode: bytes => bytes.toString() }

export const notesTopic = (namespace: string) => `${namespace}-notes`

export function notesTopology(namespace: string) {
  const keepNote = processor({
    name: 'keep-note',
    state: { note: value(stringCodec) },
    process: ({ value }: { key: Reader; value: string; timestamp: number }, { note }) => note.set(value)
  })
  return topology('notes')
    .from(topic<Reader, string>(notesTopic(namespace), { value: text }))
    .process(keepNote)
}

// Not where it is imported for its topology.
if (process.argv[1] === fileURLToPath(import.meta.url)) await run(JSON.parse(process.argv[2]) as RestoreJob)

async function run({ bootstrap, namespace, directory, partitions, memoryMb }: RestoreJob): Promise<void> {
  const say = (event: RestoreEvent) => process.send?.(event)
  const cluster = openStreamCluster({
    connection: { bootstrap },
    namespace,
    worker: 'restored',
    standbysPerTask: 0,
    replicationFactor: 1,
    sessionTimeoutMs: 30_000
  })
  const topologies = [notesTopology(namespace)]
  await cluster.ensureTopics(workerTopics({ topologies, namespace, partitions }))
  const restored = new Map<string, number>()
  let firstAt = Number.NaN
  let isReady = false
  const worker = new StreamWorker({
    topologies,
    cluster,
    store: await RocksStore.open(directory, { memoryMb }),
    namespace,
    partitions,
    commitIntervalMs: 1_000,
    catchUpIntervalMs: 1_000,
    cacheBytes: 32 << 20,
    tickIntervalMs: Number.POSITIVE_INFINITY,
    onRestore: progress => {
      if (Number.isNaN(firstAt)) firstAt = performance.now()
      restored.set(`${progress.topic} ${progress.partition}`, progress.restored)
    },
    onCommit: () => {
      const inputs = worker.processing.merger.inputs.filter(({ source }) => source.topic.name === notesTopic(namespace))
      say({ type: 'committed', offset: inputs.reduce((sum, { position }) => sum + position, 0) })
    },
    onTasks: () => {
      const running = worker.processing.merger.inputs.filter(({ task }) => task !== null).length
      if (isReady || running < partitions) return
      isReady = true
      const { user, system } = process.cpuUsage()
      say({
        type: 'ready',
        restored: [...restored.values()].reduce((sum, one) => sum + one, 0),
        restoreMs: Number.isNaN(firstAt) ? 0 : performance.now() - firstAt,
        cpuMs: (user + system) / 1_000,
        rssMb: process.memoryUsage.rss() / (1 << 20)
      })
    }
  })
  await worker.run()
}
