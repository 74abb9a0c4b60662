/**
 * How soon a killed stream worker runs its tasks again: with its directory, and with an empty one.
 *
 *     npm run bench -- restore [--json] [--keys 1000000] [--rounds 3]
 *
 * One thread, four partitions; a state of 100 bytes per key. Times are from the start of the process until all tasks run,
 * joining the group included.
 */
import { parseArgs } from 'node:util'
import { startBrokers } from './testing/broker.ts'
import { type Restart, RestoredWorker } from './testing/restored-worker.ts'

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean' },
    keys: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' }
  }
})

const brokers = await startBrokers(1)
let worker: RestoredWorker | undefined
try {
  worker = await RestoredWorker.open(brokers.addresses, Number(flags.keys))
  for (let round = 1; round <= Number(flags.rounds); round++) {
    report('local disk', await worker.restart())
    report('empty disk', await worker.restart({ isDiskEmpty: true }))
  }
} finally {
  await worker?.close()
  await brokers.stop()
}

function report(name: string, { restored, restoreMs, cpuMs, rssMb, startMs }: Restart): void {
  figure(name, 'ready_s', startMs / 1_000)
  figure(name, 'changelog_records', restored)
  if (restored > 0) figure(name, 'changelog_records_per_s', restored / (restoreMs / 1_000))
  figure(name, 'cpu_s', cpuMs / 1_000)
  figure(name, 'rss_mib', rssMb)
}

function figure(name: string, metric: string, value: number): void {
  const rounded = value < 100 ? Math.round(value * 100) / 100 : Math.round(value)
  if (flags.json) console.log(JSON.stringify({ bench: 'restore', case: name, metric, value: rounded }))
  else console.log(`${name.padEnd(12)} ${metric.padEnd(26)} ${rounded}`)
}
