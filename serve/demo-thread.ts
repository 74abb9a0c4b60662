import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { batchRecords } from '../connectors/demo/demo-records.ts'
import { demoBatches } from '../connectors/demo/demo-source.ts'
import { historyHeader } from '../engine/record.ts'
import { type DemoProgress, type DemoThreadData, demoLoad } from './demo/demo-thread-data.ts'
import { StreamClient } from './embedded/stream-client.ts'

/** Parses the demo shop and hands it to the stream thread, which holds it back when it cannot keep up. */

const { shiftMs, after, port } = workerData as DemoThreadData & { port: MessagePort }
const main = parentPort as MessagePort
const client = new StreamClient(port)
const batchesInFlightMax = 2

const history = demoBatches({ shiftMs, after })
const headers = { [historyHeader]: demoLoad }
const inFlight: Promise<number>[] = []
const report = (progress: DemoProgress) => main.postMessage(progress)
for (const batch of history) {
  if (inFlight.length >= batchesInFlightMax) await inFlight.shift()
  const producer = { name: demoLoad, to: batch.position }
  inFlight.push(client.appendAs(batch.topic, batchRecords(batch), { headers, producer, paced: true }))
  report({ rows: Number(batch.position), rowsTotal: history.rowsTotal, isDone: false })
}
await Promise.all(inFlight)
await client.endHistory(demoLoad)
report({ rows: history.rowsTotal, rowsTotal: history.rowsTotal, isDone: true })
port.close()
main.close()
