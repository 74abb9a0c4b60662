import { setTimeout as sleep } from 'node:timers/promises'
import { stop } from '../../../engine/errors.ts'
import { seededTouches } from '../../../engine/testing/co-touched.ts'
import type { Broker } from './broker.ts'
import { type ChildWorker, until } from './child-worker.ts'
import type { StreamShop } from './stream-shop.ts'

export interface ChaosOptions {
  seed: number
  events: number
  disturbances: number
  broker: Broker
  /** So often the broker is restarted too, in the middle of all else. */
  brokerRestarts: number
  isUnfenced?: boolean
  log: (line: string) => void
}

export interface ChaosReport {
  /** How often each kind happened. */
  done: Record<string, number>
  /** Why workers went back to the committed offsets. */
  restarts: Record<string, number>
  /** Workers that gave up: none ever should. */
  ends: string[]
  seconds: number
}

interface World extends ChaosOptions {
  shop: StreamShop
  random: (below: number) => number
  /** Killed, frozen or drained, and not yet back: not to be disturbed again. */
  busy: Set<ChildWorker>
  returning: Promise<unknown>[]
  report: ChaosReport
}

const sessionMs = 3_000
const users = 2_000
const items = 60
const writeEveryMs = 100
const firstWorkers = 2
const namesInAll = ['w1', 'w2', 'w3']
const throughWithinMs = 180_000
/** How long ago the first event happened. */
const withinMs = 20 * 3_600_000

/** What happens to one worker; settles when it is back. */
const disturbances: Record<string, (child: ChildWorker, world: World) => Promise<unknown>> = {
  async killed(child) {
    await child.kill()
    child.start()
  },
  async 'killed for longer than its session'(child, { random }) {
    await child.kill()
    await sleep(sessionMs + 1_000 + random(3_000))
    child.start()
  },
  /** It wakes as a zombie, whose transaction may or may not have been ended by then. */
  async frozen(child, { random }) {
    const forMs = sessionMs + 1_000 + random(6_000)
    child.freeze(forMs)
    await sleep(forMs + 500)
  },
  async 'frozen within its session'(child, { random }) {
    const forMs = 200 + random(sessionMs / 2)
    child.freeze(forMs)
    await sleep(forMs)
  },
  async drained(child, { random }) {
    await child.drain()
    await sleep(random(2_000))
    child.start()
  },
  async restarted(child) {
    await child.stop()
    child.start()
  }
}
const kinds = Object.keys(disturbances)

/**
 * Writes events while worker processes come, go, die and freeze at moments that the seed decides, until all is processed.
 * What is compared afterwards is the caller's.
 */
export async function runChaos(shop: StreamShop, options: ChaosOptions): Promise<ChaosReport> {
  const random = seeded(options.seed)
  const report: ChaosReport = { done: {}, restarts: {}, ends: [], seconds: 0 }
  const world: World = { ...options, shop, random, busy: new Set(), returning: [], report }
  const startedMs = performance.now()
  const { isUnfenced } = options
  const children = namesInAll.map(name => shop.child(name, { isUnfenced }))
  for (const child of children.slice(0, firstWorkers)) child.start()
  await until(() => children[0].tasks.length > 0, 30_000)
  const isDisturbing = { value: true }
  const writing = write(world, isDisturbing)
  await disturb(children, world)
  isDisturbing.value = false
  await Promise.all([writing, ...world.returning])
  if (!(await shop.through(throughWithinMs))) throw stop('chaos_stuck', `Not all is processed; seed ${options.seed}.`)
  for (const child of children) for (const code of child.restarts) count(report.restarts, code)
  for (const child of children) await child.kill()
  report.ends = children.flatMap(({ ends }) => ends)
  report.seconds = Math.round((performance.now() - startedMs) / 1_000)
  return report
}

async function disturb(children: readonly ChildWorker[], world: World): Promise<void> {
  const { random, busy, report, log, disturbances: wanted, brokerRestarts } = world
  const restartEvery = Math.ceil(wanted / (brokerRestarts + 1))
  for (let n = 1; n <= wanted; n++) {
    await sleep(500 + random(2_000))
    if (n === Math.ceil(wanted / 3)) children[firstWorkers].start()
    if (n % restartEvery === 0 && n < wanted) await restartBroker(world)
    const present = children.slice(0, n < wanted / 3 ? firstWorkers : children.length)
    const calm = () => present.filter(child => !busy.has(child))
    await until(() => calm().length > 0, 30_000)
    const child = calm()[random(calm().length)]
    const kind = kinds[random(kinds.length)]
    log(`${n}: ${child.job.worker} ${kind}`)
    count(report.done, kind)
    busy.add(child)
    for (const code of child.restarts) count(report.restarts, code)
    world.returning.push(disturbances[kind](child, world).finally(() => busy.delete(child)))
  }
}

async function restartBroker({ broker, log, report }: World): Promise<void> {
  log('broker restarts')
  count(report.done, 'broker restarted')
  await broker.stop()
  await broker.start()
}

/** At an even pace while there is disturbance, so that every moment has its events; the rest at once. */
async function write({ shop, events, disturbances: wanted }: World, isDisturbing: { value: boolean }): Promise<void> {
  const expectedMs = wanted * 1_900
  const perWrite = Math.ceil(events / (expectedMs / writeEveryMs))
  // Brokers know an idempotent producer again only where its records are of the last day.
  const startMs = Date.now() - withinMs
  const spacingMs = Math.min(1_000, withinMs / events)
  const all = seededTouches(events, users, items).map((touch, n) => ({
    ...touch,
    timestamp: Math.floor(startMs + n * spacingMs),
    n
  }))
  for (let from = 0; from < events; from += perWrite) {
    await shop.write(all.slice(from, from + perWrite))
    if (isDisturbing.value) await sleep(writeEveryMs)
  }
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1
}

/** Whole numbers below a bound, the same for the same seed (mulberry32). */
function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0
  return below => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
