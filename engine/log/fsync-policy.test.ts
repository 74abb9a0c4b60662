import test from 'ava'
import { MemoryStore } from '../stores/memory-store.ts'
import type { WriteBatch } from '../stores/state-store.ts'
import { EmbeddedLog } from './embedded-log.ts'
import { FsyncPolicy } from './fsync-policy.ts'
import { record, spec } from './log-contract.ts'

/** Notes which writes waited for the disk. */
class WatchedStore extends MemoryStore {
  syncs: boolean[] = []

  override write(batch: WriteBatch, options?: { sync?: boolean }): void {
    super.write(batch)
    this.syncs.push(options?.sync === true)
  }
}

async function logWith(intervalMs: number) {
  const store = new WatchedStore()
  const clock = { now: 0 }
  const recorded: [number, boolean][] = []
  const marker = { settled: 0, record: (commit: number, isSynced: boolean) => void recorded.push([commit, isSynced]) }
  const log = new EmbeddedLog(store, { fsync: new FsyncPolicy(intervalMs, () => clock.now), marker })
  await log.ensureTopics([spec()])
  store.syncs = []
  recorded.length = 0
  return { log, clock, store, recorded }
}

test('an interval of 0 makes every commit wait for the disk', async t => {
  const { log, store } = await logWith(0)
  for (let i = 0; i < 3; i++) log.append('clicks', [record('u1', 'a')])
  t.deepEqual(store.syncs, [true, true, true])
})

test('the first commit after the interval waits, and the side file learns of it', async t => {
  const { log, clock, store, recorded } = await logWith(1000)
  for (const now of [10, 999, 1000, 1500, 2001]) {
    clock.now = now
    log.append('clicks', [record('u1', 'a')])
  }
  t.deepEqual(store.syncs, [false, false, true, false, true])
  t.deepEqual(recorded, [
    [2, false],
    [3, false],
    [4, true],
    [5, false],
    [6, true]
  ])
})

test('a last commit that nothing follows is made durable once it is due, and once only', async t => {
  const { log, clock, store } = await logWith(1000)
  log.append('clicks', [record('u1', 'a')])
  log.syncIfDue()
  clock.now = 1000
  log.syncIfDue()
  log.syncIfDue()
  clock.now = 5000
  log.syncIfDue()
  t.deepEqual(store.syncs, [false, true])
})
