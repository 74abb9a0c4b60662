import test from 'ava'
import { CommitFreshness, tokenOf } from './freshness.ts'

function freshness() {
  const clock = { now: 1_000 }
  return { clock, fresh: new CommitFreshness({ topologyVersion: 1, now: () => clock.now }) }
}

test('a write that every view has seen is reached at once', async t => {
  const { fresh } = freshness()
  fresh.written(5)
  fresh.applied(5)
  t.is(await fresh.waitFor(tokenOf(5), 100), 'reached')
})

test('a waiter is answered when the views pass its write', async t => {
  const { fresh } = freshness()
  fresh.written(5)
  fresh.written(6)
  const waited = fresh.waitFor(tokenOf(6), 1_000)
  fresh.applied(5)
  fresh.applied(6)
  t.is(await waited, 'reached')
})

test('all that was written so far is waited for, and nothing that comes later', async t => {
  const { fresh } = freshness()
  fresh.written(5)
  const waited = fresh.waitForAll(1_000)
  fresh.written(6)
  fresh.applied(4)
  t.is(await Promise.race([waited, Promise.resolve('under way')]), 'under way')
  fresh.applied(5)
  t.is(await waited, 'reached')
})

test('waiting is bounded', async t => {
  const { fresh } = freshness()
  fresh.written(5)
  t.is(await fresh.waitFor(tokenOf(5), 10), 'timeout')
})

test('a token of another log, or no token at all, is unknown', async t => {
  const { fresh } = freshness()
  fresh.written(5)
  t.is(await fresh.waitFor(tokenOf(99), 10), 'unknown')
  t.is(await fresh.waitFor('nonsense!', 10), 'unknown')
})

test('staleness grows from the oldest write that is not visible', t => {
  const { fresh, clock } = freshness()
  t.is(fresh.state().staleness_ms, 0)
  fresh.written(5)
  clock.now += 40
  t.like(fresh.state(), { staleness_ms: 40, as_of: new Date(1_000).toISOString() })
  fresh.applied(5)
  clock.now += 1
  t.is(fresh.state().staleness_ms, 0)
})
