import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { openStreamCluster, type StreamClusterOptions } from '../connectors/kafka/stream-cluster.ts'
import { type FollowedView, ViewFollower } from '../engine/distributed/view-follower.ts'
import { codeOf, messageOf } from '../engine/errors.ts'
import { StoreWalk } from '../engine/inspect/store-walk.ts'
import { packChanges } from '../engine/ports/packed-records.ts'
import type { StoreSize } from '../engine/ports/stream-messages.ts'
import { NameIds } from '../engine/stores/name-ids.ts'
import { RocksStore } from '../engine/stores/rocksdb-store.ts'
import { StepSource } from './kafka/step-source.ts'
import type { ViewEvent, ViewOrder } from './kafka/view-messages.ts'

/** Reads the views' topics into the store that main answers from; the only writer of it. */

export interface KafkaViewThreadData {
  handle: bigint
  directory: string
  cluster: StreamClusterOptions
  views: readonly FollowedView[]
  steps: { topic: string; from: number }
}

const partBytes = 1 << 20
/** Changes that main has not applied yet: more than this, and reading waits for it. */
const unappliedMax = 2
const idleMs = 200
const newsMs = 200
const progressMs = 1_000
const walkMs = 1_000

const data = workerData as KafkaViewThreadData
const port = parentPort as MessagePort
const send = (event: ViewEvent, transfer: ArrayBuffer[] = []) => port.postMessage(event, transfer)
const store = RocksStore.attach(data.handle, data.directory)
const cluster = openStreamCluster(data.cluster)
const reader = cluster.reader('views')
const follower = new ViewFollower({
  views: data.views,
  cluster,
  reader,
  store,
  ids: new NameIds(store),
  now: Date.now
})
const walk = new StoreWalk(store)
let steps: StepSource | null = null
let unapplied = 0
let isStopping = false
let isCaughtUp = false
let saidAt = Number.NEGATIVE_INFINITY
let walkedAt = Number.NEGATIVE_INFINITY
let wake: (() => void) | null = null

port.on('message', (order: ViewOrder) => {
  if (order.type === 'stop') isStopping = true
  else if (order.type === 'steps-applied') steps?.applied()
  else unapplied--
  wake?.()
})

try {
  await follower.open()
  steps = await StepSource.open({ cluster, ...data.steps })
  while (!isStopping) await turn(steps)
} catch (error) {
  send({ type: 'fatal', code: codeOf(error), message: messageOf(error) })
}
reader.close()
steps?.close()
await cluster.close()
port.close()

async function turn(steps: StepSource): Promise<void> {
  const arrived = steps.next()
  if (arrived) send(arrived, [arrived.records.buffer])
  const part = unapplied < unappliedMax ? follower.apply(partBytes) : null
  if (part && isCaughtUp) {
    const changes = packChanges(part.changes)
    unapplied++
    send({ type: 'changes', changes, positions: part.positions }, [changes.buffer])
  }
  if (!isCaughtUp && follower.left === 0 && steps.isCaughtUp) {
    isCaughtUp = true
    send({ type: 'caught-up', positions: follower.positions, read: follower.read })
  }
  sayHowItStands(steps.left)
  if (part || arrived) await new Promise(resolve => setImmediate(resolve))
  else await Promise.race([...news(steps), pause(idleMs)])
}

/** Where main has no room, its word is waited for. */
function news(steps: StepSource): Promise<void>[] {
  const views = unapplied < unappliedMax ? reader.arrived() : null
  const more = steps.hasRoom ? steps.arrived() : null
  const waits = [views, more].filter(wait => wait !== null)
  return waits.length === 2 ? waits : [...waits, told()]
}

function sayHowItStands(stepsLeft: number): void {
  const nowMs = performance.now()
  if (nowMs - saidAt < (isCaughtUp ? newsMs : progressMs)) return
  saidAt = nowMs
  if (!isCaughtUp) send({ type: 'progress', left: follower.left + stepsLeft })
  else {
    const { currentAt: at, isCurrent, lag } = follower
    send({ type: 'current', at, isCurrent, lag, sizes: sizes(nowMs) })
  }
}

/** Of the views that were counted since; a page of the store is walked over every second. */
function sizes(nowMs: number): StoreSize[] {
  if (nowMs - walkedAt < walkMs) return []
  walkedAt = nowMs
  return walk.next()
}

function told(): Promise<void> {
  return new Promise(resolve => {
    wake = resolve
  })
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
