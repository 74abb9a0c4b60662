/**
 * Stream workers on a real broker, disturbed at random: is anything lost, doubled or different afterwards?
 *
 *     npm run bench -- faults [--json] [--seed N] [--disturbances 100] [--events 200000] [--unfenced]
 *
 * With `--kills` alone only the other part of this benchmark runs, in one process on the embedded log.
 * `--unfenced` commits offsets without member and generation, as before KIP-447: zombies then get through, and this says so.
 */
import { parseArgs } from 'node:util'
import { faultsFlags, isPartWanted } from '../../serve/bench/faults-flags.ts'
import { type Broker, startBrokers } from './testing/broker.ts'
import { runChaos } from './testing/chaos.ts'
import { javaReadsAll } from './testing/java-tools.ts'
import { StreamShop } from './testing/stream-shop.ts'

const { values: flags } = parseArgs({ options: faultsFlags })

const seed = Number(flags.seed ?? Math.floor(Math.random() * 1e9))
const disturbances = Number(flags.disturbances ?? 100)
const events = Number(flags.events ?? 200_000)
const disturbancesPerBrokerRestart = 25

if (isPartWanted('kafka', flags)) await run()

async function run(): Promise<void> {
  const brokers = await startBrokers(1)
  const shop = new StreamShop(brokers.addresses)
  try {
    await shop.open()
    await measure(brokers.nodes[0], shop)
  } finally {
    await shop.close()
    await brokers.stop()
  }
}

async function measure(broker: Broker, shop: StreamShop): Promise<void> {
  figure('seed', seed)
  const report = await runChaos(shop, {
    seed,
    events,
    disturbances,
    broker,
    brokerRestarts: Math.floor(disturbances / disturbancesPerBrokerRestart),
    isUnfenced: flags.unfenced === true,
    log: line => console.error(line)
  })
  for (const [kind, times] of Object.entries(report.done)) figure(kind.replaceAll(' ', '_'), times)
  for (const [code, times] of Object.entries(report.restarts)) figure(`began_anew_after_${code}`, times)
  for (const end of report.ends) console.error(end)
  figure('workers_that_gave_up', report.ends.length)
  figure('seconds', report.seconds)
  const [expected, results] = [shop.expected(), await shop.results()]
  const witnessed = await javaReadsAll(broker, shop.shop.loud.name)
  const written = await shop.read(shop.shop.touches.name)
  figure('records_written', written.length)
  const distinct = new Set(witnessed).size
  figure('records_seen_by_java', witnessed.length)
  figure('lost', events - distinct)
  figure('doubled', witnessed.length - distinct)
  const names = ['companions', 'loud', 'reminders', 'neighbours'] as const
  const isSame = names.every(name => results[name].join('\n') === expected[name].join('\n'))
  figure('digest', isSame ? 'ok' : 'differs')
  if (!isSame || report.ends.length > 0 || witnessed.length !== events || distinct !== events) process.exitCode = 1
}

function figure(metric: string, value: number | string): void {
  const name = flags.unfenced ? 'kafka/unfenced' : 'kafka'
  if (flags.json) console.log(JSON.stringify({ bench: 'faults', case: name, metric, value }))
  else console.log(`${name.padEnd(16)} ${metric.padEnd(44)} ${value}`)
}
