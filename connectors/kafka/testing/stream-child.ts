/** A stream worker as a process of its own, for tests that kill and freeze it. Its task is its one argument, as JSON. */
import { StreamWorker } from '../../../engine/distributed/stream-worker.ts'
import { codeOf, messageOf } from '../../../engine/errors.ts'
import type { StreamCluster } from '../../../engine/ports/cluster.ts'
import { RocksStore } from '../../../engine/stores/rocksdb-store.ts'
import { coTouchedShop } from '../../../engine/testing/co-touched.ts'
import { openStreamCluster } from '../stream-cluster.ts'

export interface ChildJob {
  bootstrap: readonly string[]
  namespace: string
  worker: string
  directory: string
  partitions: number
  commitIntervalMs: number
  sessionTimeoutMs: number
  transactionTimeoutMs: number
  standbysPerTask: number
  guarantee?: 'exactly_once' | 'at_least_once'
  /** It dies at this point of its n-th commit of records, or stands still there. */
  fault?: { point: string; hit: number; signal?: 'SIGSTOP' }
  /** Stands still when it has asked to join again, and does not hear the answer. */
  freezesAtRejoin?: boolean
  /** Offsets are committed without member and generation, as before KIP-447: zombies get through. */
  isUnfenced?: boolean
}

export type ChildEvent =
  | { type: 'ready' }
  | { type: 'tasks'; tasks: readonly string[] }
  | { type: 'restart'; code: string; message: string }
  | { type: 'restored'; topic: string; partition: number; restored: number }
  | { type: 'ended'; code: string; message: string }

const job = JSON.parse(process.argv[2]) as ChildJob
const { fault } = job
let left = fault?.hit ?? 0
const faults = {
  hit: (point: string) => {
    if (point === fault?.point && hasRead() && --left === 0) process.kill(process.pid, fault.signal ?? 'SIGKILL')
  }
}
/** Touches are in the unit: a commit of markers alone is none that counts. */
const hasRead = () =>
  worker.processing.merger.inputs.some(
    ({ source, position, committed }) => source.topic.name === shop.touches.name && position > committed
  )
const say = (event: ChildEvent) => process.send?.(event)

const cluster = openStreamCluster({
  connection: { bootstrap: job.bootstrap },
  namespace: job.namespace,
  worker: job.worker,
  standbysPerTask: job.standbysPerTask,
  replicationFactor: 1,
  sessionTimeoutMs: job.sessionTimeoutMs,
  heartbeatIntervalMs: Math.floor(job.sessionTimeoutMs / 10),
  transactionTimeoutMs: job.transactionTimeoutMs,
  guarantee: job.guarantee,
  faults
})
if (job.isUnfenced) unfence(cluster)
if (job.freezesAtRejoin) freezeAtRejoin(cluster)

const shop = coTouchedShop(`${job.namespace}-`)
const worker = new StreamWorker({
  topologies: [shop.coTouched(), shop.shout(), shop.remind(), shop.nearby()],
  cluster,
  store: await RocksStore.open(job.directory, { memoryMb: 32 }),
  namespace: job.namespace,
  partitions: job.partitions,
  commitIntervalMs: job.commitIntervalMs,
  catchUpIntervalMs: job.commitIntervalMs,
  cacheBytes: 32 << 20,
  tickIntervalMs: Number.POSITIVE_INFINITY,
  faults,
  onTasks: tasks => say({ type: 'tasks', tasks }),
  onRestart: error => say({ type: 'restart', code: error.code, message: error.message }),
  onRestore: ({ left, ...progress }) => left === 0 && say({ type: 'restored', ...progress })
})

process.on('message', async order => {
  await (order === 'drain' ? worker.drain() : worker.stop())
  await cluster.close()
  process.disconnect()
})
say({ type: 'ready' })
try {
  await worker.run()
} catch (error) {
  say({ type: 'ended', code: codeOf(error), message: messageOf(error) })
  process.exitCode = 1
  process.disconnect()
}

function unfence(open: StreamCluster): void {
  const producer = open.producer.bind(open)
  open.producer = () => {
    const made = producer()
    const commit = made.commit.bind(made)
    made.commit = offsets =>
      commit({ ...offsets, member: { ...offsets.member, memberId: '', generation: -1, instanceId: null } })
    return made
  }
}

function freezeAtRejoin(open: StreamCluster): void {
  const group = open.group.bind(open)
  let state: 'new' | 'member' | 'frozen' = 'new'
  open.group = (tasks, callbacks) =>
    group(tasks, {
      ...callbacks,
      assigned: membership => {
        if (state === 'new') state = 'member'
        callbacks.assigned(membership)
      },
      // Asked for when the request is written, which then leaves at once.
      standbys: () => {
        if (state === 'member') {
          state = 'frozen'
          setImmediate(() => process.kill(process.pid, 'SIGSTOP'))
        }
        return callbacks.standbys()
      }
    })
}
