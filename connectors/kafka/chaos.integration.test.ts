import test from 'ava'
import { type BrokerCluster, startBrokers } from './testing/broker.ts'
import { missingForBroker } from './testing/broker-jars.ts'
import { runChaos } from './testing/chaos.ts'
import { javaReadsAll } from './testing/java-tools.ts'
import { StreamShop } from './testing/stream-shop.ts'

const missing = missingForBroker()
let brokers: BrokerCluster | undefined
const title = 'workers killed, frozen, drained and added at random compute what the embedded stream computes'

test.after.always(() => brokers?.stop())

/** Longer, and with more of it: `npm run bench -- faults`. */
const run = missing ? test.skip : test.serial
run(missing ? `${title} (skipped: ${missing})` : title, async t => {
  t.timeout(290_000)
  brokers = await startBrokers(1)
  const [broker] = brokers.nodes
  const seed = Number(process.env.CHAOS_SEED ?? Math.floor(Math.random() * 1e9))
  t.log(`seed ${seed}: CHAOS_SEED=${seed} does it again`)
  const shop = new StreamShop(brokers.addresses)
  try {
    await shop.open()
    const options = { seed, events: 200_000, disturbances: 12, broker, brokerRestarts: 1 }
    const report = await runChaos(shop, { ...options, log: line => t.log(line) })
    t.log(report)
    t.deepEqual(report.ends, [])
    const expected = shop.expected()
    const results = await shop.results()
    t.is(results.loud.length, expected.loud.length)
    t.true(results.companions.join() === expected.companions.join(), 'the views are equal')
    t.true(results.loud.join() === expected.loud.join(), 'every record has come through once')
    t.true(results.neighbours.join() === expected.neighbours.join(), 'every index was what its topic held')
    t.true(results.reminders.join() === expected.reminders.join(), 'so has every timer')
    const witnessed = await javaReadsAll(broker, shop.shop.loud.name)
    t.is(witnessed.length, options.events)
    t.is(new Set(witnessed).size, options.events)
  } finally {
    await shop.close()
  }
})
