import test from 'ava'
import type { Offsets } from './log-positions.ts'
import { ReplicaFreshness } from './replica-freshness.ts'

const at = (topic: string, offset: number): Offsets => new Map([[topic, new Map([[0, offset]])]])

function replica(log: { committed?: () => Offsets; ends?: () => Offsets; asked?: () => void } = {}) {
  const clock = { now: 1_000 }
  const fresh = new ReplicaFreshness({
    topologyVersion: 1,
    flow: { derived: new Map([['events', ['rows']]]), views: [{ topic: 'rows', partition: 0 }] },
    tokens: { decode: token => (token === 'none' ? null : at('events', Number(token))) },
    log: {
      committed: async () => {
        log.asked?.()
        return log.committed?.() ?? new Map()
      },
      ends: async () => log.ends?.() ?? new Map()
    },
    now: () => clock.now,
    pollMs: 2
  })
  return { fresh, clock }
}

const ends = () => new Map([...at('events', 9), ...at('rows', 4)])

test('who waits is answered when the rows of the write are applied', async t => {
  const { fresh } = replica({ committed: () => at('events', 9), ends })
  const waited = fresh.waitFor('5', 1_000)
  await new Promise(resolve => setTimeout(resolve, 20))
  fresh.applied([[0, 4]])
  t.is(await waited, 'reached')
})

test('whatever an input holds when asked about is waited for', async t => {
  let committed = 8
  const { fresh } = replica({ committed: () => at('events', committed), ends })
  fresh.applied([[0, 4]])
  t.is(await fresh.waitForAll('events', 30), 'timeout')
  committed = 9
  t.is(await fresh.waitForAll('events', 1_000), 'reached')
})

test('writes are followed the way that the streams work now', async t => {
  const follows = new ReplicaFreshness({
    topologyVersion: 1,
    flow: { derived: new Map([['events', ['rows']]]), views: [{ topic: 'rows', partition: 0 }] },
    tokens: { decode: token => at('orders', Number(token)) },
    log: {
      committed: async topics => (topics.includes('orders') ? at('orders', 9) : new Map()),
      ends: async () => new Map([...at('orders', 9), ...at('rows', 4)])
    },
    pollMs: 2
  })
  follows.applied([[0, 4]])
  t.is(await follows.waitFor('9', 30), 'timeout')
  follows.useFlow({ derived: new Map([['orders', ['rows']]]), views: [{ topic: 'rows', partition: 0 }] })
  t.is(await follows.waitFor('9', 1_000), 'reached')
})

test('waiting is bounded, also while the log cannot be asked', async t => {
  t.is(await replica({ ends }).fresh.waitFor('5', 20), 'timeout')
  const broken = replica({
    committed: () => {
      throw new Error('away')
    }
  })
  t.is(await broken.fresh.waitFor('5', 20), 'timeout')
})

test('a token of another log, or no token at all, is unknown', async t => {
  const { fresh } = replica({ ends })
  t.is(await fresh.waitFor('10', 500), 'unknown')
  t.is(await fresh.waitFor('none', 500), 'unknown')
})

test('the log is asked once for all who wait, and not at all while nobody does', async t => {
  let asked = 0
  const { fresh } = replica({ ends, asked: () => asked++ })
  await new Promise(resolve => setTimeout(resolve, 20))
  t.is(asked, 0)
  await Promise.all(Array.from({ length: 100 }, () => fresh.waitFor('5', 30)))
  t.true(asked > 0 && asked < 40, `${asked}`)
  const after = asked
  await new Promise(resolve => setTimeout(resolve, 20))
  t.is(asked, after)
})

test('answers are as old as the last time the views were current', t => {
  const { fresh, clock } = replica()
  fresh.heard({ at: 1_000, isCurrent: true })
  clock.now = 1_400
  t.is(fresh.state().staleness_ms, 0)
  fresh.heard({ at: 1_000, isCurrent: false })
  clock.now = 1_500
  t.is(fresh.state().staleness_ms, 500)
})

test('without news nobody knows whether the views are current', t => {
  const { fresh, clock } = replica()
  fresh.heard({ at: 1_000, isCurrent: true })
  clock.now = 11_000
  t.is(fresh.state().staleness_ms, 10_000)
})
