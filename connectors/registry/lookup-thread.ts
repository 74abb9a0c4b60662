import { workerData } from 'node:worker_threads'
import { messageOf } from '../../engine/errors.ts'
import type { Found, LookupThreadData } from './blocking-lookup.ts'
import { RegistryClient } from './registry-client.ts'

/** Asks the registry for a thread that waits. */
const { port, answers, registry, patienceMs } = workerData as LookupThreadData
const client = new RegistryClient(registry)
const count = new Int32Array(answers)

port.on('message', (id: number) => {
  void lookUp(id).then(found => {
    port.postMessage(found)
    Atomics.add(count, 0, 1)
    Atomics.notify(count, 0)
  })
})

async function lookUp(id: number): Promise<Found> {
  try {
    const schema = await client.schemaById(id, patienceMs)
    return schema === undefined ? { id, none: true } : { id, schema }
  } catch (error) {
    return { id, away: messageOf(error) }
  }
}
