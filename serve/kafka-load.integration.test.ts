import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { type BrokerCluster, startBrokers } from '../connectors/kafka/testing/broker.ts'
import { missingForBroker } from '../connectors/kafka/testing/broker-jars.ts'
import * as topics from '../schemas/topics.ts'
import { differences } from '../topologies/testing/run.ts'
import type { StartedInstance } from './testing/instance.ts'
import { KafkaShop, untilReady } from './testing/kafka-shop.ts'
import { type Ran, runMillrace } from './testing/run-millrace.ts'

/** The commands against Kafka, with two workers as real processes; beside them the same history on the embedded log. */

const missing = missingForBroker()
/** Products, customers, and the first orders with their lines and purchase events: few enough that no list is cut. */
const rows = 20_000
/** Learned, and compared by its direction elsewhere; here by its keys. */
const vectors = 'item-vectors'

let brokers: BrokerCluster
let shop: KafkaShop
let root: string
const workers: StartedInstance[] = []

if (!missing) {
  test.before(async t => {
    t.timeout(180_000)
    root = mkdtempSync(join(tmpdir(), 'millrace-kafka-load-'))
    brokers = await startBrokers(1)
    shop = new KafkaShop(brokers, root)
    workers.push(...(await Promise.all([shop.stream('worker-a'), shop.stream('worker-b')])))
    for (const worker of workers) await untilReady(worker)
  })
  test.after.always(async () => {
    await shop?.close()
    await brokers?.stop()
    rmSync(root, { recursive: true, force: true })
  })
}

function story(title: string, run: (t: ExecutionContext) => Promise<void>): void {
  if (missing) {
    test.skip(`${title} (skipped: ${missing})`, t => t.pass())
    return
  }
  test.serial(title, async t => {
    t.timeout(240_000)
    try {
      await run(t)
    } finally {
      if (!t.passed) for (const { output } of workers) t.log(output())
    }
  })
}

const embedded = (args: string[]): Promise<Ran> =>
  runMillrace([...args, '--data', join(root, 'embedded')], { cwd: root })

/** Every key of a view with its value. */
async function view(run: (args: string[]) => Promise<Ran>, name: string): Promise<Map<string, unknown>> {
  const { code, stdout, stderr } = await run(['store', 'scan', name, '--limit', '1000000', '--json'])
  if (code !== 0) throw new TypeError(`store scan ${name}: ${stderr}`)
  const entries = stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))
  return new Map(entries.map(({ key, value }) => [key, value]))
}

story('the demo shop leaves the same views on Kafka as on the embedded log', async t => {
  const load = ['load', '--demo', '--limit', String(rows), '--json']
  const [onKafka, inOne] = await Promise.all([shop.run(load), embedded(load)])
  t.is(onKafka.code, 0, onKafka.stderr)
  t.is(inOne.code, 0, inOne.stderr)
  const { accepted } = JSON.parse(onKafka.stdout)
  t.is(JSON.parse(inOne.stdout).accepted, accepted)
  t.true(accepted >= rows)
  const stores = JSON.parse((await embedded(['store', 'list', '--json'])).stdout)
  const names = stores.flatMap(({ store, kind }: any) => (kind === 'view' ? [store] : []))
  for (const name of names) {
    const [there, here] = await Promise.all([view(args => shop.run(args), name), view(embedded, name)])
    t.deepEqual([...there.keys()].sort(), [...here.keys()].sort(), name)
    t.log(name, there.size)
    const declared: any = Object.values(topics).find(topic => topic.name === name)
    if (declared.equality !== 'order' && name !== vectors)
      t.deepEqual(differences(declared, here as any, there as any), [], name)
  }
})
