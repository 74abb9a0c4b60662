import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { EmbeddedLog } from '../../engine/log/embedded-log.ts'
import { MemoryStore } from '../../engine/stores/memory-store.ts'
import { Catalog } from '../../recommend/catalog.ts'
import { saveIndex } from '../../recommend/session-index/index-snapshot.ts'
import { VisitIndex } from '../../recommend/visit-index.ts'
import { sessionSteps } from '../../schemas/topics.ts'
import { StepTail } from './step-tail.ts'
import { VisitSnapshots } from './visit-snapshots.ts'

function place(t: ExecutionContext) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const said: string[] = []
  const open = (visits: VisitIndex, { source = 'log-1', endOffset = 100, isHeld = (): boolean => false } = {}) =>
    new VisitSnapshots({ file: join(folder, 'index'), visits, source, endOffset, isHeld, say: line => said.push(line) })
  return { folder, said, open }
}

function visits(steps: number): VisitIndex {
  const index = new VisitIndex(new Catalog())
  for (let i = 0; i < steps; i++) observe(index, i)
  return index
}

function observe(index: VisitIndex, offset: number): void {
  index.observe(stepAt(offset), offset)
}

function stepAt(offset: number) {
  const [visit, position] = [Math.floor(offset / 3), offset % 3]
  return {
    session: `s${visit}`,
    product_id: `p${offset % 7}`,
    event_type: 'view' as const,
    ts: offset * 1000,
    position
  }
}

const stateOf = ({ feed }: VisitIndex) => ({
  next: feed.nextOffset,
  open: [...feed.open.entries()],
  sessions: feed.index.sessions.live,
  clicks: feed.index.clicks
})

function bytesOf({ feed }: VisitIndex): Buffer {
  return Buffer.concat(saveIndex(feed.index, { offset: feed.nextOffset, open: feed.open.entries() }))
}

test('an index that was written comes back, with the visits that go on', async t => {
  const { open, folder } = place(t)
  const [written, whole] = [visits(50), visits(60)]
  await open(written).close()
  t.deepEqual(readdirSync(folder), ['index'], 'under its own name only')
  const restored = visits(0)
  open(restored).load()
  t.deepEqual(stateOf(restored), stateOf(written))
  for (let offset = 50; offset < 60; offset++) observe(restored, offset)
  t.deepEqual(stateOf(restored), stateOf(whole))
})

test('what stands is not written again', async t => {
  const { open, folder } = place(t)
  const index = visits(10)
  const snapshots = open(index)
  await snapshots.save()
  rmSync(join(folder, 'index'))
  await snapshots.save()
  t.deepEqual(readdirSync(folder), [])
  observe(index, 10)
  await snapshots.save()
  t.deepEqual(readdirSync(folder), ['index'])
})

test('steps that come while the index is copied wait, and the snapshot is of one position of the log', async t => {
  const { open } = place(t)
  const log = new EmbeddedLog(new MemoryStore())
  await log.ensureTopics([{ name: sessionSteps.name, partitions: 1, cleanup: 'delete', recordBytesMax: 1 << 20 }])
  const rest = { session_id: 's', user_id: null, order_id: null, recommendation_id: null }
  const steps = Array.from({ length: 60_000 }, (_, i) => sessionSteps.value.encode({ ...stepAt(i), ...rest }))
  await log.append(
    sessionSteps.name,
    steps.map(value => ({ key: 's', value, timestamp: 1 }))
  )
  const index = visits(0)
  const caughtUp = Promise.withResolvers<void>()
  const tail = new StepTail({ log, steps: index, onCaughtUp: caughtUp.resolve })
  const snapshots = open(index, { endOffset: steps.length })
  snapshots.start(tail)
  tail.poke()
  await snapshots.save()
  const restored = visits(0)
  open(restored, { endOffset: steps.length }).load()
  const offset = restored.nextOffset
  t.true(offset > 0 && offset < steps.length, `${offset}`)
  t.deepEqual(bytesOf(restored), bytesOf(visits(offset)))
  await caughtUp.promise
  t.deepEqual(bytesOf(index), bytesOf(visits(steps.length)))
})

test('without a file the index is empty, and nothing is said', t => {
  const { open, said } = place(t)
  const index = visits(0)
  open(index).load()
  t.is(index.nextOffset, 0)
  t.deepEqual(said, [])
})

for (const [what, change] of [
  ['of another log', { source: 'log-2' }],
  ['that has read more than there is', { endOffset: 9 }]
] as const) {
  test(`a snapshot ${what} is removed, and that is said`, async t => {
    const { open, said, folder } = place(t)
    await open(visits(10)).save()
    const index = visits(0)
    open(index, change).load()
    t.is(index.nextOffset, 0)
    t.regex(said[0], /belongs to another log/)
    t.deepEqual(readdirSync(folder), [])
  })
}

test('a damaged snapshot is removed, and that is said', async t => {
  const { open, said, folder } = place(t)
  await open(visits(10)).save()
  const bytes = readFileSync(join(folder, 'index'))
  bytes[bytes.length - 3] ^= 1
  writeFileSync(join(folder, 'index'), bytes)
  const index = visits(0)
  open(index).load()
  t.is(index.nextOffset, 0)
  t.regex(said[0], /damaged/)
  t.deepEqual(readdirSync(folder), [])
})

test('a snapshot that cannot be written is said, and nothing else happens', async t => {
  const { open, said, folder } = place(t)
  const snapshots = open(visits(10))
  rmSync(folder, { recursive: true })
  await snapshots.save()
  t.regex(said[0], /could not be written/)
})

test('what is to be forgotten does not stay on the disk where no other snapshot can be written now', async t => {
  const { open, said, folder } = place(t)
  const index = visits(10)
  let isHeld = false
  const snapshots = open(index, { isHeld: () => isHeld })
  await snapshots.save()
  mkdirSync(join(folder, 'index.new'))
  await snapshots.rewrite()
  t.regex(said[0], /could not be written/)
  t.deepEqual(readdirSync(folder), [])
  await snapshots.rewrite()
  t.deepEqual(readdirSync(folder), ['index'])
  isHeld = true
  await snapshots.rewrite()
  t.deepEqual(readdirSync(folder), [], 'another erasure is under way')
})

test('an index that could not be copied once is copied the next time', async t => {
  const { open, said, folder } = place(t)
  const index = visits(10)
  const snapshots = open(index)
  const { feed } = index
  index.feed = { ...feed, nextOffset: 10, index: {} } as unknown as typeof feed
  await snapshots.save()
  t.regex(said[0], /could not be written/)
  index.feed = feed
  await snapshots.save()
  t.deepEqual(readdirSync(folder), ['index'])
})
