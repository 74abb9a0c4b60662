/**
 * How soon a killed stream worker runs its tasks again: with its directory, and with an empty one.
 *
 *     npm run bench -- restore [--json] [--keys 1000000] [--rounds 3]
 *
 * One thread, four partitions; a state of 100 bytes per key. Times are from the start of the process until all tasks run,
 * joining the group included.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { workerTopics } from '../../engine/distributed/worker-topics.ts'
import { partitionOf } from '../../engine/log/partition-of.ts'
import { openStreamCluster } from './stream-cluster.ts'
import { startBrokers } from './testing/broker.ts'
import { notesTopic, notesTopology, type RestoreEvent, type RestoreJob } from './testing/restore-child.ts'

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean' },
    keys: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' }
  }
})
const keys = Number(flags.keys)
const partitions = 4
const perAppend = 2_000
const noteBytes = 100
const program = fileURLToPath(new URL('testing/restore-child.ts', import.meta.url))

type Ready = RestoreEvent & { type: 'ready' }

const brokers = await startBrokers(1)
const folder = await mkdtemp(join(tmpdir(), 'millrace-restore-'))
const job: RestoreJob = {
  bootstrap: brokers.addresses,
  namespace: `r${Date.now().toString(36)}`,
  directory: join(folder, 'state'),
  partitions,
  memoryMb: 51
}
let child: ChildProcess | undefined
try {
  await produce()
  await build()
  for (let round = 1; round <= Number(flags.rounds); round++) {
    report('local disk', await restart())
    report('empty disk', await restart({ isDiskEmpty: true }))
  }
} finally {
  child?.kill('SIGKILL')
  await brokers.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}

async function produce(): Promise<void> {
  const { namespace, bootstrap } = job
  const cluster = openStreamCluster({ connection: { bootstrap }, namespace, worker: 'admin', replicationFactor: 1 })
  await cluster.ensureTopics(workerTopics({ topologies: [notesTopology(namespace)], namespace, partitions }))
  for (let from = 0; from < keys; from += perAppend) {
    const count = Math.min(perAppend, keys - from)
    const records = Array.from({ length: count }, (_, i) => ({
      key: `reader-${from + i}`,
      value: Buffer.from(`${from + i} `.padEnd(noteBytes, 'note ')),
      timestamp: from + i
    }))
    const byPartition = Map.groupBy(records, ({ key }) => partitionOf(key, partitions))
    await Promise.all(
      [...byPartition].map(([partition, some]) => cluster.append(notesTopic(namespace), partition, some))
    )
  }
  await cluster.close()
}

/** Until everything is committed, and one commit more: then the local store is behind nothing. */
async function build(): Promise<void> {
  start()
  for (;;) {
    const [event] = (await once(child as ChildProcess, 'message')) as [RestoreEvent]
    if (event.type === 'committed' && event.offset >= keys) return
  }
}

/** kill -9, and again; how long it took. */
async function restart({ isDiskEmpty = false } = {}): Promise<Ready & { startMs: number }> {
  const gone = once(child as ChildProcess, 'exit')
  child?.kill('SIGKILL')
  await gone
  if (isDiskEmpty) await rm(job.directory, { recursive: true })
  const startedMs = performance.now()
  start()
  for (;;) {
    const [event] = (await once(child as ChildProcess, 'message')) as [RestoreEvent]
    if (event.type === 'ready') return { ...event, startMs: performance.now() - startedMs }
  }
}

function start(): void {
  child = fork(program, [JSON.stringify(job)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
}

function report(name: string, { restored, restoreMs, cpuMs, rssMb, startMs }: Ready & { startMs: number }): void {
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
