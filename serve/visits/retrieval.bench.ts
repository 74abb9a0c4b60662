/**
 * How fast the session index is there again: from the topic (read, decoded, indexed, as a server without a snapshot does it)
 * and from a snapshot file. `npm run bench -- retrieval [--json] [--steps 500000]`; the other part of this benchmark says what
 * an answer costs.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openDataDirectory } from '../../engine/log/data-directory.ts'
import { EmbeddedLog } from '../../engine/log/embedded-log.ts'
import { Catalog } from '../../recommend/catalog.ts'
import { generatedClicks } from '../../recommend/session-index/generated-clicks.ts'
import { VisitIndex } from '../../recommend/visit-index.ts'
import { sessionSteps } from '../../schemas/topics.ts'
import { printer } from '../bench/figures.ts'
import { StepTail } from './step-tail.ts'
import { VisitSnapshots } from './visit-snapshots.ts'

const { values: flags } = parseArgs({
  options: { json: { type: 'boolean' }, steps: { type: 'string', default: '500000' } },
  strict: false
})
const steps = Number(flags.steps)
const print = printer('retrieval', flags.json === true)
const name = `index-from-log/${steps / 1e6}m`
const batch = 1_000
const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
const { store, close } = await openDataDirectory(folder, { memoryMb: 64 })

/** The topic as the stream writes it. */
async function written(): Promise<EmbeddedLog> {
  const log = new EmbeddedLog(store)
  const topic = { name: sessionSteps.name, partitions: 1, cleanup: 'delete' as const, recordBytesMax: 1 << 20 }
  await log.ensureTopics([topic])
  const lengths = new Map<number, number>()
  let records: { key: string; value: Buffer; timestamp: number }[] = []
  for (const { session, item, timeS } of generatedClicks({ clicks: steps, items: 100_000, seed: 1 })) {
    const position = lengths.get(session) ?? 0
    lengths.set(session, position + 1)
    const ts = timeS * 1000 + position * 1000
    const session_id = `session-${session}`
    const ids = { session: `${session_id}#${session.toString(36)}`, session_id, user_id: null, order_id: null }
    const acted = { product_id: `sku-${item}`, event_type: 'view' as const, ts, position, recommendation_id: null }
    records.push({ key: session_id, value: sessionSteps.value.encode({ ...ids, ...acted }), timestamp: ts })
    if (records.length < batch) continue
    await log.append(sessionSteps.name, records)
    records = []
  }
  await log.append(sessionSteps.name, records)
  return log
}

function cpuS({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1e6
}

async function rebuilt(log: EmbeddedLog): Promise<VisitIndex> {
  const visits = new VisitIndex(new Catalog())
  const before = process.cpuUsage()
  await new Promise<void>(resolve => {
    new StepTail({ log, steps: visits, onCaughtUp: resolve }).poke()
  })
  print(name, 'steps_per_cpu_s', steps / cpuS(process.cpuUsage(before)))
  return visits
}

async function snapshotOf(visits: VisitIndex): Promise<void> {
  const options = { file: join(folder, 'snapshot'), source: 'bench', endOffset: steps, say: console.error }
  const before = process.cpuUsage()
  await new VisitSnapshots({ ...options, visits }).save()
  print(name, 'snapshot_save_cpu_ms', cpuS(process.cpuUsage(before)) * 1000)
  const restored = new VisitIndex(new Catalog())
  const started = performance.now()
  new VisitSnapshots({ ...options, visits: restored }).load()
  print(name, 'snapshot_load_wall_ms', performance.now() - started)
  print(name, 'steps_restored', restored.nextOffset)
}

try {
  await snapshotOf(await rebuilt(await written()))
} finally {
  await close()
  rmSync(folder, { recursive: true, force: true })
}
