import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { openStreamCluster, type StreamClusterOptions } from '../connectors/kafka/stream-cluster.ts'
import { StreamWorker } from '../engine/distributed/stream-worker.ts'
import { workerTopics } from '../engine/distributed/worker-topics.ts'
import { codeOf, messageOf } from '../engine/errors.ts'
import { RocksStore } from '../engine/stores/rocksdb-store.ts'
import { StreamCounter } from '../engine/task/stream-counts.ts'
import { allTopologies } from '../topologies/index.ts'
import { type RegistryUse, useRegistry } from './compose-schema-ids.ts'
import { faultsFromTest } from './embedded/faults-from-test.ts'
import { inputRanks } from './input-topics.ts'
import type { WorkerEvent, WorkerOrder } from './kafka/worker-messages.ts'

/** A member of the group: runs its tasks over a store of its own, which main has opened, until it is told to end. */

export interface KafkaStreamThreadData {
  handle: bigint
  directory: string
  cluster: Omit<StreamClusterOptions, 'faults'>
  partitions: number
  commitIntervalMs: number
  catchUpIntervalMs: number
  maxTaskIdleMs: number
  /** Decoded state in memory. */
  cacheMb: number
  purchaseSource: 'orders' | 'events'
  excludedIds: readonly string[]
  registry: RegistryUse
  /** Schemas that a registry told, in a file. */
  schemaCacheFile: string
  /** Only for tests: kill the process at this point of a commit. */
  fault?: { point: string; nth: number }
}

const reportMs = 500
const countsMs = 1_000

const data = workerData as KafkaStreamThreadData
const port = parentPort as MessagePort
const send = (event: WorkerEvent) => port.postMessage(event)
const { partitions } = data
const { namespace } = data.cluster
const faults = faultsFromTest(data.fault)
const topologies = allTopologies({ purchaseSource: data.purchaseSource, excludedIds: new Set(data.excludedIds) })
const restoring = new Map<string, [topic: string, partition: number, restored: number, left: number]>()
const cluster = openStreamCluster({ ...data.cluster, faults })
const timers = [setInterval(reportRestore, reportMs), setInterval(reportCounts, countsMs)]
const store = RocksStore.attach(data.handle, data.directory)
const counter = new StreamCounter(store)
let worker: StreamWorker | undefined
let assigned: readonly string[] = []
let ending: Promise<void> | undefined
let schemaIds: { close(): Promise<void> } | undefined

port.on('message', ({ type }: WorkerOrder) => {
  ending ??= end(type)
})

try {
  schemaIds = await useRegistry({
    registry: data.registry,
    topologies,
    namespace,
    cacheFile: data.schemaCacheFile,
    say: message => send({ type: 'trouble', message })
  })
  await cluster.ensureTopics(workerTopics({ topologies, namespace, partitions }))
  worker = new StreamWorker({
    topologies,
    cluster,
    store,
    namespace,
    partitions,
    ranks: inputRanks,
    commitIntervalMs: data.commitIntervalMs,
    catchUpIntervalMs: data.catchUpIntervalMs,
    maxTaskIdleMs: data.maxTaskIdleMs,
    cacheBytes: data.cacheMb << 20,
    faults,
    onCommit: (_, tookMs) => send({ type: 'committed', tookMs }),
    onRestore: ({ topic, partition, restored, left }) =>
      restoring.set(`${topic} ${partition}`, [topic, partition, restored, left]),
    onTasks: tasks => {
      assigned = tasks
      reportTasks()
    },
    onStopped: () => reportTasks(),
    onTrouble: error => send({ type: 'trouble', message: messageOf(error) }),
    onRestart: ({ code, message }) => send({ type: 'restart', code, message })
  })
  if (!ending) await worker.run()
} catch (error) {
  // While it ends, what did not work is done again by whoever has the tasks next.
  if (!ending) send({ type: 'fatal', code: codeOf(error), message: messageOf(error) })
}
await ending
await close()

async function end(how: WorkerOrder['type']): Promise<void> {
  await (how === 'drain' ? worker?.drain() : worker?.stop())
}

async function close(): Promise<void> {
  for (const timer of timers) clearInterval(timer)
  await schemaIds?.close()
  await cluster.close()
  port.close()
}

/** A task is named after a topic and a partition of it, and reads them once its state is there. */
function runs(task: string): boolean {
  const inputs = worker?.processing.merger.inputs ?? []
  return inputs.some(({ source, partition, isHeld }) => !isHeld && task === `${source.log}/${partition}`)
}

function reportTasks(): void {
  reportRestore()
  const stopped = [...(worker?.stopped ?? [])].map(([task, { code, message }]) => ({ task, code, message }))
  const restoring = assigned.filter(id => !runs(id) && !worker?.stopped.has(id)).length
  send({ type: 'tasks', tasks: assigned.length, restoring, stopped })
}

function reportRestore(): void {
  if (restoring.size === 0) return
  send({ type: 'restore', progress: [...restoring.values()] })
  for (const [id, [, , , left]] of restoring) if (left === 0) restoring.delete(id)
}

function reportCounts(): void {
  if (worker) send({ type: 'counts', counts: counter.countsOf(worker.processing) })
}
