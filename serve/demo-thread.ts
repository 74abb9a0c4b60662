import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { demoBatches } from '../connectors/demo/demo-source.ts'
import type { NewRecord } from '../engine/log/log.ts'
import { historyHeader } from '../engine/record.ts'
import { orderItems, orders, products, users } from '../schemas/topics.ts'
import { type DemoProgress, type DemoThreadData, demoLoad } from './demo/demo-thread-data.ts'
import { interactionRecord } from './embedded/embedded-ingest.ts'
import { StreamClient } from './embedded/stream-client.ts'

/** Parses the demo shop and hands it to the stream thread, which holds it back when it cannot keep up. */

const { shiftMs, after, port } = workerData as DemoThreadData & { port: MessagePort }
const main = parentPort as MessagePort
const client = new StreamClient(port)
const batchesInFlightMax = 2

function recordsOf(batch: { topic: string; rows: any[]; timestamps: number[] }): NewRecord[] {
  const encode = encoders[batch.topic]
  return batch.rows.map((row, i) => ({ ...encode(row), timestamp: batch.timestamps[i] }))
}

const encoders: Record<string, (row: any) => NewRecord> = {
  products: row => ({ key: row.product_id, value: products.value.encode(row), timestamp: 0 }),
  users: row => ({ key: row.user_id, value: users.value.encode(row), timestamp: 0 }),
  orders: row => ({ key: row.order_id, value: orders.value.encode(row), timestamp: 0 }),
  'order-items': row => ({ key: row.order_id, value: orderItems.value.encode(row), timestamp: 0 }),
  interactions: interactionRecord
}

const history = demoBatches({ shiftMs, after })
const headers = { [historyHeader]: demoLoad }
const inFlight: Promise<number>[] = []
const report = (progress: DemoProgress) => main.postMessage(progress)
for (const batch of history) {
  if (inFlight.length >= batchesInFlightMax) await inFlight.shift()
  const producer = { name: demoLoad, to: batch.position }
  inFlight.push(client.appendAs(batch.topic, recordsOf(batch), { headers, producer, paced: true }))
  report({ rows: Number(batch.position), rowsTotal: history.rowsTotal, isDone: false })
}
await Promise.all(inFlight)
await client.endHistory(demoLoad)
report({ rows: history.rowsTotal, rowsTotal: history.rowsTotal, isDone: true })
port.close()
main.close()
