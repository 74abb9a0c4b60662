import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { commitFaultPoints } from '../engine/commit.ts'
import { type Loaded, type LoadOrder, shiftMs } from './testing/kill/load-order.ts'
import { differences } from './testing/kill/near.ts'
import { runChild, runToTheEnd } from './testing/kill/run-child.ts'

/**
 * Promise 1: kill -9 at any moment, any number of times, and the final state equals that of an undisturbed run. `KILLS`
 * sets how many random moments are tried, `SEED` repeats a run.
 */

const killsTotal = Number(process.env.KILLS ?? 30)
const killsPerDirectory = 5
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
const piece = { rowsMax: 24_000, shiftMs, catchUpIntervalMs: 60, cacheMb: 32 }
const allTopics = ['products', 'users', 'orders', 'order-items', 'interactions']

function random(start: number): () => number {
  let state = start >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 4294967296
  }
}

const directories: string[] = []
test.after.always(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

function inNewDirectory(more: Partial<LoadOrder> = {}): LoadOrder {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-kill-'))
  directories.push(directory)
  return { directory, partitions: 4, topics: allTopics, ...piece, ...more }
}

let undisturbed: Loaded
let undisturbedMs = 0

test.before('an undisturbed run', async t => {
  t.timeout(120_000)
  const started = performance.now()
  const { loaded } = await runChild(inNewDirectory())
  undisturbedMs = performance.now() - started
  undisturbed = loaded as Loaded
})

test.serial(
  `killed at ${killsTotal} random moments while loading, nothing is lost and nothing twice (seed ${seed})`,
  async t => {
    t.timeout(1_200_000)
    t.log(`seed ${seed}`)
    const next = random(seed)
    let killed = 0
    for (let directory = 0; killed < killsTotal; directory++) {
      const order = inNewDirectory()
      const kills = Array.from({ length: killsPerDirectory }, () => ({ afterMs: next() * undisturbedMs * 0.6 }))
      const life = await runToTheEnd(order, kills)
      killed += life.killed
      t.deepEqual(differences(undisturbed, life.loaded), [], `directory ${directory}, ${life.killed} kills`)
      if (directory > killsTotal * 2) break
    }
    t.true(killed >= killsTotal, `only ${killed} processes were still alive to be killed`)
  }
)

for (const point of commitFaultPoints) {
  test.serial(`killed at ${point}, early and late, nothing is lost and nothing twice`, async t => {
    t.timeout(300_000)
    const faults = [1, 3, 12].map(nth => ({ fault: { point, nth } }))
    const { loaded, killed } = await runToTheEnd(inNewDirectory(), faults)
    t.true(killed >= 2)
    t.deepEqual(differences(undisturbed, loaded), [])
  })
}

test.serial('what depends on order is the same too where there is one order: one partition, one input', async t => {
  t.timeout(300_000)
  const one = { partitions: 1, topics: ['interactions'] }
  const { loaded: expected } = await runChild(inNewDirectory(one))
  const next = random(seed + 1)
  const kills = Array.from({ length: 4 }, () => ({ afterMs: next() * undisturbedMs * 0.4 }))
  const { loaded } = await runToTheEnd(inNewDirectory(one), kills)
  t.deepEqual(loaded.digests, (expected as Loaded).digests)
})
