import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { Cluster, type ClusterOptions } from '../connectors/kafka/cluster.ts'
import { commitOffsets, committedOffsets } from '../connectors/kafka/committed-offsets.ts'
import { GroupMember, type Membership } from '../connectors/kafka/group-member.ts'
import { PartitionReader } from '../connectors/kafka/reader.ts'
import { FeatureMirror, type MirroredChange } from '../connectors/redis/feature-mirror.ts'
import { MillraceError } from '../engine/errors.ts'
import type { RecordBatch } from '../engine/log/log.ts'
import { allTopologies } from '../topologies/index.ts'
import { type RegistryUse, useRegistry } from './compose-schema-ids.ts'
import type { WorkerEvent, WorkerOrder } from './kafka/worker-messages.ts'

/**
 * Mirrors views to Redis: members of a group of their own share the partitions; what Redis has taken is committed, at
 * least once, since Redis keeps the newer of two positions whoever writes them.
 */

export interface KafkaMirrorThreadData {
  connection: ClusterOptions
  group: string
  worker: string
  sessionTimeoutMs: number
  namespace: string
  /** Topics by the views' plain names. */
  views: Readonly<Record<string, string>>
  redis: { url: string; ttlMs: number }
  registry: RegistryUse
  schemaCacheFile: string
}

const readBytes = 256 * 1024
const commitMs = 1_000
const idleMs = 500

const data = workerData as KafkaMirrorThreadData
const port = parentPort as MessagePort
const send = (event: WorkerEvent) => port.postMessage(event)
const say = (message: string) => send({ type: 'trouble', message })
const cluster = new Cluster(data.connection)
const reader = new PartitionReader(cluster)
const positions = new Map<string, Map<number, number>>()
let wanted: Membership | null = null
let order: WorkerOrder['type'] | null = null
let committedMs = performance.now()
let failure: unknown = null

const ids = new Map<string, string>()
for (const [view, topic] of Object.entries(data.views)) ids.set(view, (await cluster.topic(topic)).id)
const schemaIds = await useRegistry({
  registry: data.registry,
  topologies: allTopologies({ purchaseSource: 'orders' }),
  namespace: data.namespace,
  cacheFile: data.schemaCacheFile,
  say
})
const mirror = new FeatureMirror({
  url: data.redis.url,
  namespace: data.namespace,
  ttlMs: data.redis.ttlMs,
  sourceOf: view => ids.get(view) ?? view,
  onProblem: ({ message }) => say(message)
})
const group = new GroupMember(cluster, {
  group: data.group,
  instanceId: data.worker,
  sessionTimeoutMs: data.sessionTimeoutMs,
  taskGroups: Object.values(data.views).map(topic => ({ name: topic, topics: [topic] })),
  beforeJoin: commit,
  assigned: membership => {
    wanted = membership
  },
  lost: () => become([]),
  ended: cause => {
    failure = cause
  }
})

port.on('message', ({ type }: WorkerOrder) => {
  order = type
  // A batch that waits for Redis is given up: nothing of it was committed.
  mirror.close()
})
void group.join().catch(error => {
  failure ??= error
})
while (!order && !failure) await turn()
await leave()
if (failure && !order) throw failure

async function turn(): Promise<void> {
  if (wanted) {
    const { tasks } = wanted
    wanted = null
    become(tasks.map(placeOf))
    await begin()
  }
  const isIdle = await feedAll()
  if (performance.now() - committedMs >= commitMs && group.membership) await commit(group.membership)
  if (isIdle) await Promise.race([reader.arrived(), new Promise(resolve => setTimeout(resolve, idleMs))])
}

/** True when nothing had arrived. */
async function feedAll(): Promise<boolean> {
  let isIdle = true
  for (const [view, topic] of Object.entries(data.views)) {
    for (const partition of [...(positions.get(topic)?.keys() ?? [])]) {
      const batch = reader.state(topic, partition) && reader.read(topic, partition, readBytes)
      if (!batch) continue
      isIdle = false
      await mirror.feed(changesOf(view, batch))
      if (order) return true
      // It may have gone elsewhere meanwhile.
      if (positions.get(topic)?.has(partition)) positions.get(topic)?.set(partition, batch.nextOffset)
    }
  }
  return isIdle
}

function changesOf(view: string, batch: RecordBatch): MirroredChange[] {
  const { partition } = batch
  return Array.from({ length: batch.count }, (_, i) => ({
    view,
    key: batch.key(i),
    value: batch.value(i),
    partition,
    offset: batch.offset(i)
  }))
}

function placeOf(task: string): { topic: string; partition: number } {
  const slash = task.lastIndexOf('/')
  return { topic: task.slice(0, slash), partition: Number(task.slice(slash + 1)) }
}

/** Keeps what stays, lets go of the rest; what is new has no position yet. */
function become(places: readonly { topic: string; partition: number }[]): void {
  for (const [topic, byPartition] of positions) {
    for (const partition of [...byPartition.keys()]) {
      if (places.some(place => place.topic === topic && place.partition === partition)) continue
      byPartition.delete(partition)
      reader.remove(topic, partition)
    }
  }
  for (const { topic, partition } of places) {
    const byPartition = positions.get(topic) ?? new Map<number, number>()
    positions.set(topic, byPartition)
    if (!byPartition.has(partition)) byPartition.set(partition, -1)
  }
}

/** From what was committed, else from the beginning: compacted topics have no other. */
async function begin(): Promise<void> {
  const committed = await committedOffsets(cluster, data.group)
  for (const [topic, byPartition] of positions) {
    for (const [partition, position] of byPartition) {
      if (position >= 0) continue
      const from = committed.get(topic)?.get(partition)?.offset ?? 0
      byPartition.set(partition, from)
      reader.seek(topic, partition, from)
    }
  }
}

async function commit(member: Membership): Promise<void> {
  committedMs = performance.now()
  const known = [...positions].map(([topic, byPartition]) => {
    const places = [...byPartition].filter(([, offset]) => offset >= 0)
    return [topic, new Map(places.map(([partition, offset]) => [partition, { offset }]))] as const
  })
  try {
    await commitOffsets(cluster, { group: data.group, member, positions: new Map(known) })
  } catch (error) {
    // Whoever has the partitions next begins a little earlier; that is all it costs.
    if (!(error instanceof MillraceError) || error.remedy === 'stop') throw error
  }
}

async function leave(): Promise<void> {
  if (group.membership) await commit(group.membership).catch(error => say(String(error)))
  await (order === 'drain' ? group.drain() : group.close())
  mirror.close()
  reader.close()
  await schemaIds.close()
  await cluster.close()
  port.close()
}
