import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { clusterFaultPoints } from '../../engine/distributed/commit.ts'
import { MemoryStore } from '../../engine/stores/memory-store.ts'
import { seededTouches, type User } from '../../engine/testing/co-touched.ts'
import { plainFaultPoint } from './plain-producer.ts'
import { until } from './testing/child-worker.ts'
import { shopStories } from './testing/shop-stories.ts'
import type { StreamShop, TouchRecord } from './testing/stream-shop.ts'
import { transactionFaultPoints } from './transactional-producer.ts'

const story = shopStories(test, { timeoutMs: 180_000 })

const allTouches: TouchRecord[] = seededTouches(1_200, 40, 30).map((touch, n) => ({ ...touch, n }))
const touches = (from: number, to: number) => allTouches.slice(from, to)
const tasksInAll = 8

async function sharedOut(shop: StreamShop, ...names: string[]): Promise<boolean> {
  const tasks = () => names.map(name => shop.running.get(name)?.tasks ?? [])
  return until(() => tasks().flat().length === tasksInAll && tasks().every(({ length }) => length > 0), 20_000)
}

/** Exactly what the embedded stream makes of the same records: no output lost, none doubled, no timer forgotten. */
async function isExact(t: ExecutionContext, shop: StreamShop): Promise<void> {
  t.true(await shop.through(), 'everything is processed and committed')
  t.deepEqual(await shop.results(), shop.expected())
}

story('two workers share the tasks and compute what the embedded stream computes', async (t, shop) => {
  const a = shop.start('a')
  const b = shop.start('b')
  t.true(await sharedOut(shop, 'a', 'b'))
  await shop.write(touches(0, 500))
  await isExact(t, shop)
  t.deepEqual([a.tasks.length, b.tasks.length], [4, 4])
  t.deepEqual(a.restarts.concat(b.restarts), [])
})

story('a worker that comes while others work takes over tasks, and nothing is lost or doubled', async (t, shop) => {
  shop.start('a')
  const names = ['b', 'c', 'd']
  for (let part = 0; part < 12; part++) {
    await shop.write(touches(part * 100, part * 100 + 100))
    if (part % 3 === 2 && names.length > 0) shop.start(names.shift() as string)
    await sleep(150)
  }
  await isExact(t, shop)
})

story('a killed worker is replaced after its session; what it had not committed runs again, once', async (t, shop) => {
  shop.start('a')
  const b = shop.start('b')
  t.true(await sharedOut(shop, 'a', 'b'))
  await shop.write(touches(0, 300))
  t.true(await until(() => b.worker.processing.stats.commits > 1, 10_000))
  await shop.write(touches(300, 600))
  await shop.kill('b')
  await shop.write(touches(600, 900))
  t.true(await sharedOut(shop, 'a'))
  await isExact(t, shop)
})

story('a restart within the session moves nothing', async (t, shop) => {
  const a = shop.start('a')
  const b = shop.start('b')
  t.true(await sharedOut(shop, 'a', 'b'))
  await shop.write(touches(0, 300))
  t.true(await shop.through())
  const before = [a.tasks, b.tasks]
  await b.worker.stop()
  const again = shop.start('b', { store: b.store })
  await shop.write(touches(300, 600))
  t.true(await sharedOut(shop, 'a', 'b'))
  t.deepEqual([a.tasks, again.tasks], before)
  t.is(again.restored, 0)
  await isExact(t, shop)
})

story('a drained worker hands over at once, and the owner of the standby restores next to nothing', async (t, shop) => {
  const a = shop.start('a')
  const b = shop.start('b')
  t.true(await sharedOut(shop, 'a', 'b'))
  for (let part = 0; part < 6; part++) {
    await shop.write(touches(part * 150, part * 150 + 150))
    await sleep(100)
  }
  t.true(await shop.through())
  // The copies follow the last commit.
  await sleep(1_000)
  const startedMs = performance.now()
  await b.worker.drain()
  shop.running.delete('b')
  t.true(await until(() => a.tasks.length === tasksInAll, 2_500))
  t.log(`handed over in ${Math.round(performance.now() - startedMs)} ms, ${a.restored} records restored`)
  t.true(a.restored < 20, `restored ${a.restored}`)
  await shop.write(touches(900, 1_200))
  await isExact(t, shop)
})

story('an empty disk is restored in full from the changelogs', async (t, shop) => {
  const a = shop.start('a')
  await shop.write(touches(0, 600))
  t.true(await shop.through())
  await a.worker.stop()
  const again = shop.start('a', { store: new MemoryStore() })
  await shop.write(touches(600, 1_200))
  await isExact(t, shop)
  t.log(`${again.restored} records restored`)
  t.true(again.restored > 100)
  t.deepEqual(again.restarts, [])
})

story('a poison record becomes a dead letter, and its neighbours are as if it had not been there', async (t, shop) => {
  shop.start('a')
  shop.start('b')
  const sour = `sour ${shop.namespace}`
  const bad = (n: number) => ({ key: sour as User, item: 'poison', timestamp: n * 1_000, n })
  await shop.write([...touches(0, 200), bad(200), ...touches(201, 400), bad(400), bad(400)])
  await shop.write(touches(401, 600))
  await isExact(t, shop)
  const letters = (await shop.read('dead-letters')).filter(({ key }) => key === sour)
  t.is(letters.length, 3)
  t.deepEqual(letters.map(({ value }) => JSON.parse(value as string).n).sort(), [200, 400, 400])
})

story(
  'an index is what its topic holds up to the last commit, after kills, an empty disk and skipped records',
  async (t, shop) => {
    shop.start('a')
    const shy = (n: number) => ({ key: `shy${n} ${shop.namespace}` as User, item: 'shy', timestamp: n * 1_000, n })
    await shop.write([...touches(0, 150), shy(150), ...touches(151, 300)])
    t.true(await shop.through())
    await shop.write(touches(300, 400))
    await shop.kill('a')
    await shop.write([...touches(400, 500), shy(500)])
    const again = shop.start('a')
    await shop.write(touches(501, 700))
    await isExact(t, shop)
    t.deepEqual(again.restarts, [])
    const letters = await shop.read('dead-letters')
    t.is(letters.filter(({ key }) => key.endsWith(shop.namespace)).length, 2)
  }
)

story('repartition topics are emptied behind the committed offsets', async (t, shop) => {
  shop.start('a', { purgeIntervalMs: 200 })
  await shop.write(touches(0, 600))
  await isExact(t, shop)
  const topic = `${shop.namespace}.co-touched.v1.pairs-repartition`
  const places = [0, 1, 2, 3].map(partition => ({ topic, partition }))
  const lag = async () => {
    const [starts, ends] = [
      await shop.admin.offsets(places, 'earliest'),
      await shop.admin.offsets(places, 'lastStable')
    ]
    return places.reduce((sum, { partition }) => {
      return sum + (ends.get(topic)?.get(partition) ?? 0) - (starts.get(topic)?.get(partition) ?? 0)
    }, 0)
  }
  t.true(await until(async () => (await lag()) === 0, 10_000))
})

story('a worker frozen past its session is fenced when it wakes, and goes on as a new member', async (t, shop) => {
  t.true(await zombie(t, shop, false))
  const [a] = shop.children
  t.true(await until(() => a.restarts.length > 0, 15_000))
  t.log(a.restarts)
  t.deepEqual(await shop.results(), shop.expected())
})

/** What the story above is worth: the same without generations in the offset commits (before KIP-447). */
story('without fencing by generation such a worker doubles records', async (t, shop) => {
  await zombie(t, shop, true)
  const { loud } = await shop.results()
  t.log(`${loud.length} outputs of ${shop.written.length} records`)
  t.true(loud.length > shop.written.length)
})

/** Frozen with outputs that are not yet committed for longer than its session, though not for as long as its transaction may last. */
async function zombie(t: ExecutionContext, shop: StreamShop, isUnfenced: boolean): Promise<boolean> {
  const traits = { isUnfenced, transactionTimeoutMs: 20_000 }
  const [a, b] = ['a', 'b'].map(name => shop.child(name, traits))
  a.start({ fault: { point: 'cluster-commit:before-transaction', hit: 6, signal: 'SIGSTOP' } })
  b.start()
  t.true(await until(() => a.tasks.length === 4 && b.tasks.length === 4, 20_000))
  a.thawAfter(7_000)
  for (let part = 0; part < 36; part++) {
    await shop.write(touches(part * 30, part * 30 + 30))
    await sleep(250)
  }
  return shop.through(40_000)
}

story('a worker that slept through generations takes nothing for its own that was theirs', async (t, shop) => {
  const [a, b] = ['a', 'b'].map(name => shop.child(name))
  a.start({ freezesAtRejoin: true })
  t.true(await until(() => a.tasks.length === tasksInAll, 20_000))
  await shop.write(touches(0, 200))
  t.true(await shop.through())
  b.start()
  t.true(await until(() => b.tasks.length === tasksInAll, 20_000))
  await shop.write(touches(200, 400))
  t.true(await shop.through())
  await b.drain()
  a.thawAfter(0)
  await shop.write(touches(400, 600))
  await isExact(t, shop)
})

story('a process killed at any point of a commit loses nothing and repeats nothing', async (t, shop) => {
  const points = [...clusterFaultPoints, ...transactionFaultPoints]
  const a = shop.child('a', { commitIntervalMs: 60, standbysPerTask: 0 })
  const part = Math.floor(allTouches.length / points.length)
  for (const [i, point] of points.entries()) {
    a.start({ fault: { point, hit: 2 } })
    t.true(await until(() => a.tasks.length === tasksInAll, 20_000))
    for (let from = i * part; a.isRunning && from < (i + 1) * part; from += 20) {
      await shop.write(touches(from, Math.min(from + 20, (i + 1) * part)))
      await sleep(120)
    }
    t.true(await until(() => !a.isRunning, 20_000), `it dies at ${point}`)
  }
  a.start()
  await isExact(t, shop)
})

story(
  'at least once: undisturbed it is the same, and a kill before the offsets repeats records but loses none',
  async (t, shop) => {
    const traits = { guarantee: 'at_least_once', commitIntervalMs: 60, standbysPerTask: 0 } as const
    const a = shop.child('a', traits)
    a.start()
    await shop.write(touches(0, 300))
    await isExact(t, shop)
    await a.stop()
    a.start({ fault: { point: plainFaultPoint, hit: 2 } })
    for (let from = 300; a.isRunning && from < 600; from += 20) {
      await shop.write(touches(from, from + 20))
      await sleep(120)
    }
    t.true(await until(() => !a.isRunning, 20_000))
    a.start()
    await shop.write(touches(600, 700))
    t.true(await shop.through())
    const [{ loud }, expected] = [await shop.results(), shop.expected()]
    t.deepEqual([...new Set(loud)], [...new Set(expected.loud)])
    t.log(`${loud.length} outputs of ${shop.written.length} records`)
    t.true(loud.length > expected.loud.length)
  }
)
