/**
 * Kills a loading process at random moments and compares what stands in the end with an undisturbed run.
 *
 *     npm run bench -- faults [--json] [--kills 200] [--seed N]
 *
 * With --disturbances, --events or --unfenced, and without --kills, only the other part of this benchmark runs, on Kafka.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type LoadOrder, shiftMs } from '../testing/kill/load-order.ts'
import { differences } from '../testing/kill/near.ts'
import { runChild, runToTheEnd } from '../testing/kill/run-child.ts'
import { faultsFlags, isPartWanted } from './faults-flags.ts'
import { printer } from './figures.ts'

const { values: flags } = parseArgs({ options: faultsFlags })
const killsTotal = Number(flags.kills ?? 200)
const seed = Number(flags.seed ?? Date.now() % 1_000_000)
const print = printer('faults', flags.json === true)

let state = seed >>> 0
function random(): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 4294967296
}

async function inNewDirectory<T>(work: (order: LoadOrder) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-faults-'))
  const topics = ['products', 'users', 'orders', 'order-items', 'interactions']
  try {
    return await work({
      directory,
      partitions: 4,
      topics,
      rowsMax: 40_000,
      shiftMs,
      catchUpIntervalMs: 60,
      cacheMb: 32
    })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

if (isPartWanted('embedded', flags)) await run()

async function run(): Promise<void> {
  print('embedded', 'seed', seed)
  const started = performance.now()
  const undisturbed = (await inNewDirectory(order => runChild(order))).loaded
  const undisturbedMs = performance.now() - started
  let killed = 0
  let different = 0
  let directories = 0
  while (undisturbed && killed < killsTotal) {
    const kills = Array.from({ length: 8 }, () => ({ afterMs: random() * undisturbedMs * 0.6 }))
    const life = await inNewDirectory(order => runToTheEnd(order, kills))
    killed += life.killed
    directories++
    const found = differences(undisturbed, life.loaded)
    if (found.length > 0) different++
    process.stderr.write(
      `${killed} kills, ${directories} loads, ${different} of them different ${found.slice(0, 3).join('; ')}\n`
    )
  }
  print('embedded', 'kills', killed)
  print('embedded', 'loads', directories)
  print('embedded', 'loads_that_differ', different)
  process.exitCode = different > 0 ? 1 : 0
}
