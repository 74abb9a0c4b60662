import { batchRecords } from '../../../connectors/demo/demo-records.ts'
import { demoBatches } from '../../../connectors/demo/demo-source.ts'
import { EngineInspector } from '../../../engine/inspect/store-inspector.ts'
import { producerKey } from '../../../engine/log/log-rows.ts'
import { historyHeader } from '../../../engine/record.ts'
import { type Interaction, interactionKey } from '../../../schemas/interaction.ts'
import { interactions } from '../../../schemas/topics.ts'
import { allTopologies } from '../../../topologies/index.ts'
import { openEmbedded } from '../../compose-embedded.ts'
import type { Loaded, LoadOrder } from './load-order.ts'

/**
 * One life of a process that loads a piece of the demo shop: goes on where the one before was killed, and says what the
 * directory holds once all of it is processed. The parent kills it meanwhile.
 */

const order = JSON.parse(process.argv[2]) as LoadOrder
const embedded = await openEmbedded({
  directory: order.directory,
  partitions: order.partitions,
  namespace: 'millrace',
  fsyncIntervalMs: 1_000,
  commitIntervalMs: 20,
  catchUpIntervalMs: order.catchUpIntervalMs,
  cacheMb: order.cacheMb,
  storeMb: 64,
  streamHeapMb: 512,
  excludedIds: [],
  purchaseSource: () => ({ from: 'orders', isFixed: true }),
  fault: order.fault
})
const { client, store, log } = embedded
const load = 'piece'
const [position] = store.getMany('meta', [producerKey(load)])
process.stdout.write('loading\n')
const inFlight: Promise<number>[] = []
let clicked = 0
for (const batch of demoBatches({ shiftMs: order.shiftMs, after: position?.toString() ?? '0' })) {
  if (!order.topics.includes(batch.topic)) continue
  if (Number(batch.position) > order.rowsMax) break
  if (inFlight.length >= 2) await inFlight.shift()
  if (order.clicks && clicked < order.clicks.count) await click(order.clicks.productId, clicked++)
  const producer = { name: load, to: batch.position }
  inFlight.push(
    client.appendAs(batch.topic, batchRecords(batch), { headers: { [historyHeader]: load }, producer, paced: true })
  )
}
await Promise.all(inFlight)
await client.endHistory(load)
await client.flush()
const topologies = allTopologies({ purchaseSource: 'orders' })
const { partitions } = order
const inspector = new EngineInspector({ store, log, topologies, namespace: 'millrace', partitions })
const digests = drain(inspector.digest())
const loaded: Loaded = {
  digests: Object.fromEntries(
    digests.map(one => [one.store, { class: one.class, keys: one.keys, digest: one.digest }])
  ),
  near: Object.fromEntries(
    inspector
      .stores()
      .filter(info => info.class === 'tolerance' && info.kind === 'view')
      .map(({ store: name, tolerance }) => [
        name,
        { tolerance: tolerance ?? 0, entries: [...inspector.scan(name, '')] }
      ])
  )
}
process.stdout.write(`${JSON.stringify(loaded)}\n`)
await embedded.close()

/** A visitor of today looks at something. */
async function click(productId: string, nth: number): Promise<void> {
  const event: Interaction = {
    event_id: `live-${nth}`,
    user_id: null,
    session_id: `live-${nth}`,
    event_type: 'view',
    product_id: productId,
    ts: Date.now(),
    context: {}
  }
  await client.append(interactions.name, [
    { key: interactionKey(event), value: interactions.value.encode(event), timestamp: event.ts }
  ])
}

function drain<R>(generator: Generator<unknown, R>): R {
  for (;;) {
    const step = generator.next()
    if (step.done) return step.value
  }
}
