import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import test from 'ava'
import { days } from '../engine/index.ts'
import { partitionOf } from '../engine/log/partition-of.ts'
import type { ViewChange } from '../engine/task/views.ts'
import { driveTopology, type TopologyDriver } from '../engine/testing/drive-topology.ts'
import { blend, interactions } from '../schemas/topics.ts'
import { allTopologies } from '../topologies/index.ts'
import { type RunOptions, run } from '../topologies/testing/run.ts'
import type { Arrival } from '../topologies/testing/traffic.ts'
import { AnsweringServer, meanOverlap } from './testing/answering-server.ts'
import { VisitedShop } from './testing/visited-shop.ts'
import { newGraph } from './vectors/hnsw-library.ts'

/** What a question is answered with depends neither on who answers, nor on when he started, nor on how the log was read. */

const seed = Number(process.env.SEED ?? 1)
const shop = new VisitedShop(seed, 4_000)
const { arrivals, now } = shop
const queries = shop.queries(10_000)
const topologies = allTopologies({ purchaseSource: 'orders' })
const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

/** Vectors follow what people do after at most four weeks. */
const thenMs = days(33)
const partitions = 4
const ran = (options: RunOptions) => run(topologies, arrivals, { ...options, thenMs })

async function started({ store, log }: TopologyDriver, snapshot?: string): Promise<AnsweringServer> {
  const server = new AnsweringServer({ store, log, snapshot })
  await server.catchUp()
  return server
}

const once = ran({ unitRecords: 200 })
const weights = [...once.viewAll(blend).values()][0]
const expected = started(once).then(server => {
  const lists = server.lists(queries, now)
  return { lists, digest: server.digest(queries, now), visits: server.views.shop.visits }
})

test(`there is something to compare: many steps, learned weights, full lists of all kinds (seed ${seed})`, async t => {
  const { lists, visits } = await expected
  t.true(visits.nextOffset > 0.95 * arrivals.filter(({ topic }) => topic === interactions).length)
  t.true(visits.version > 10_000)
  t.true(lists.every(list => list.length === 20))
  const different = new Set(lists.map(list => list.join())).size
  t.true(different > 6_000, `${different} different lists`)
})

test(`a replay in other units of work gives the same lists (seed ${seed})`, async t => {
  const again = await started(ran({ unitRecords: 33, batchRecords: 7 }))
  t.is(again.digest(queries, now), (await expected).digest)
})

for (const [how, given, options] of [
  ['as workers at their own pace would', atTheirOwnPace(arrivals), { unitRecords: 5 }],
  ['at once', arrivals, {}]
] as const) {
  test(`with four input partitions, read ${how}, and the same weights, 99 of 100 items are the same (seed ${seed})`, async t => {
    const four = await started(run(topologies, given, { ...options, partitions, thenMs }))
    four.freeze(weights)
    const overlap = meanOverlap((await expected).lists, four.lists(queries, now))
    t.log(overlap)
    t.true(overlap >= 0.99, `${overlap}`)
  })
}

const hasLibrary = newGraph(2) !== null
const withLibrary = hasLibrary ? test : test.skip
const needed = hasLibrary ? '' : ' (skipped: npm install hnswlib-node, with a C++ compiler)'
withLibrary(
  `with search by HNSW 98 of 100 items are the same, also where vectors decide (seed ${seed})${needed}`,
  async t => {
    const { store, log } = once
    const graph = new AnsweringServer({ store, log, graphs: mkdtempSync(join(folder, 'graphs-')) })
    const exact = await started(once)
    await Promise.all([graph.catchUp(), graph.untilGraph()])
    const all = meanOverlap((await expected).lists, graph.lists(queries, now))
    const similar = shop.similarQueries()
    const decided = meanOverlap(exact.lists(similar, now), graph.lists(similar, now))
    t.log({ all, decided })
    t.true(Math.min(all, decided) >= 0.98)
  }
)

test(`servers that follow at their own pace, start late or start again give the same lists (seed ${seed})`, async t => {
  const live = new LiveShop()
  const first = live.start()
  const lumped = live.start({ everyCommits: 7 })
  const killed = live.start({ snapshot: 'killed' })
  const drained = live.start({ snapshot: 'drained' })
  await live.upTo(0.3)
  const saved = killed.save()
  await live.upTo(0.4)
  await saved
  first.lists(queries.slice(0, 500), now - days(1))
  await live.upTo(0.6)
  await drained.save()
  for (const server of [killed, drained]) live.stop(server)
  const late = live.start()
  const again = live.start({ snapshot: 'drained' })
  await live.end()
  const servers = { first, lumped, late, again, afterKill: live.start({ snapshot: 'killed' }), last: live.start() }
  for (const [name, server] of Object.entries(servers)) {
    await server.catchUp()
    t.is(server.digest(queries, now), (await expected).digest, name)
  }
})

/** The streams at work, and servers that are told of every commit. */
class LiveShop {
  readonly #servers = new Map<AnsweringServer, { everyCommits: number; held: ViewChange[] }>()
  #commits = 0
  #fed = 0
  readonly #driver = driveTopology(topologies, {
    commitEach: false,
    onCommit: ({ changes }) => this.#committed(changes)
  })

  start({ snapshot, everyCommits = 1 }: { snapshot?: string; everyCommits?: number } = {}): AnsweringServer {
    const { store, log } = this.#driver
    const server = new AnsweringServer({ store, log, snapshot: snapshot && join(folder, snapshot) })
    this.#servers.set(server, { everyCommits, held: [] })
    return server
  }

  stop(server: AnsweringServer): void {
    server.stop()
    this.#servers.delete(server)
  }

  async upTo(share: number): Promise<void> {
    for (const end = Math.floor(share * arrivals.length); this.#fed < end; this.#fed++) {
      const { topic, key, value, ts } = arrivals[this.#fed]
      this.#driver.append(topic, key, value, ts)
      if (this.#fed % 60 > 0) continue
      this.#driver.commit()
      // Snapshots are written, and steps that did not fit into a turn are read.
      if (this.#fed % 600 === 0) await nextTurn()
    }
  }

  async end(): Promise<void> {
    await this.upTo(1)
    this.#driver.commit()
    this.#driver.tick(arrivals[arrivals.length - 1].ts + thenMs)
    this.#driver.commit()
    for (const [server, { held }] of this.#servers) server.committed(held)
  }

  #committed(changes: readonly ViewChange[]): void {
    this.#commits++
    for (const [server, following] of this.#servers) {
      following.held.push(...changes)
      if (this.#commits % following.everyCommits > 0) continue
      server.committed(following.held)
      following.held = []
    }
  }
}

/** Every partition up to 20 minutes behind, which here is some 30 events, now more, now less, each in its order. */
function atTheirOwnPace(inOrder: readonly Arrival[]): Arrival[] {
  const reached = new Float64Array(partitions)
  return inOrder
    .map(arrival => {
      const partition = partitionOf(arrival.key, partitions)
      const behindMs = 600_000 * (1 + Math.sin(arrival.ts / 4_000_000 + partition * 2))
      reached[partition] = Math.max(reached[partition], arrival.ts + behindMs)
      return { arrival, at: reached[partition] }
    })
    .sort((a, b) => a.at - b.at)
    .map(({ arrival }) => arrival)
}
