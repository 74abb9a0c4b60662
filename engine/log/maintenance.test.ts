import { isDeepStrictEqual } from 'node:util'
import test from 'ava'
import { MemoryStore } from '../stores/memory-store.ts'
import { EmbeddedLog } from './embedded-log.ts'
import type { TopicSpec } from './log.ts'
import { all, logTime, record, spec } from './log-contract.ts'
import { LogReader } from './log-reader.ts'
import type { UpkeepLimits } from './upkeep.ts'

const hour = 3_600_000
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)

async function logOf(traits: Partial<TopicSpec>, limits: Partial<UpkeepLimits> = { compactionBytesMin: 1 }) {
  const store = new MemoryStore()
  const log = new EmbeddedLog(store, { limits })
  await log.ensureTopics([spec(traits)])
  return { store, log }
}

function maintain(log: EmbeddedLog, now = logTime): void {
  while (log.maintain(now, 1000));
}

function consume(log: EmbeddedLog, store: MemoryStore, position: number): void {
  const staging = log.stage(store.batch())
  staging.commitOffsets('millrace', new Map([['clicks', [position]]]))
  staging.commit()
}

const chunksOf = (store: MemoryStore) =>
  store.range('log', { gte: Buffer.from([0, 1]), lt: Buffer.from([0, 2]), limit: Infinity }).length

test('chunks go when their newest record is older than the retention', async t => {
  const { log } = await logOf({ retentionMs: hour })
  log.append('clicks', [record('u1', 'a', logTime - 3 * hour), record('u1', 'b', logTime - 2 * hour)])
  log.append('clicks', [record('u1', 'c', logTime - 2 * hour), record('u1', 'd', logTime - hour / 2)])
  log.append('clicks', [record('u1', 'e', logTime - 2 * hour)])
  maintain(log)
  t.is(log.startOffset('clicks', 0), 2)
  t.deepEqual(all(log), ['2 u1 c', '3 u1 d', '4 u1 e'])
  maintain(log, logTime + hour)
  t.deepEqual([log.startOffset('clicks', 0), log.endOffset('clicks', 0)], [5, 5])
  t.is(log.read('clicks', 0, 0, 1000), null)
  log.append('clicks', [record('u1', 'f')])
  t.deepEqual(all(log), ['5 u1 f'])
})

test('without a retention nothing goes', async t => {
  const { log } = await logOf({})
  log.append('clicks', [record('u1', 'a', 0)])
  maintain(log)
  t.deepEqual(all(log), ['0 u1 a'])
})

test('the oldest chunks go as long as the size stays above its limit', async t => {
  const { log } = await logOf({ retentionBytes: 5000 })
  for (let i = 0; i < 20; i++) log.append('clicks', [record('u1', 'x'.repeat(960))])
  maintain(log)
  t.is(log.startOffset('clicks', 0), 15)
})

test('what a group has not read is kept, even past its time', async t => {
  const { log, store } = await logOf({ retentionMs: hour })
  for (const value of ['a', 'b', 'c']) log.append('clicks', [record('u1', value, logTime - 5 * hour)])
  consume(log, store, 1)
  maintain(log)
  t.deepEqual(all(log), ['1 u1 b', '2 u1 c'])
  consume(log, store, 3)
  maintain(log)
  t.deepEqual(all(log), [])
})

test('what a group has not read is kept up to twice the size limit', async t => {
  const { log, store } = await logOf({ retentionBytes: 5000 })
  consume(log, store, 0)
  for (let i = 0; i < 20; i++) log.append('clicks', [record('u1', 'x'.repeat(960))])
  maintain(log)
  t.is(log.startOffset('clicks', 0), 10)
})

test('a group that is forgotten holds nothing back', async t => {
  const { log, store } = await logOf({ retentionMs: hour })
  log.append('clicks', [record('u1', 'a', logTime - 5 * hour)])
  consume(log, store, 0)
  log.forgetGroup('millrace')
  t.deepEqual([...log.committed('millrace')], [])
  t.deepEqual([...new EmbeddedLog(store).committed('millrace')], [])
  maintain(log)
  t.deepEqual(all(log), [])
})

test('compaction keeps the last record of a key at its offset', async t => {
  const { log } = await logOf({ cleanup: 'compact' })
  log.append('clicks', [record('a', '1'), record('b', '1'), record('a', '2')])
  log.append('clicks', [record('c', '1'), record('a', '3')])
  log.append('clicks', [record('b', 'in the last chunk')])
  maintain(log)
  t.deepEqual(all(log), ['1 b 1', '3 c 1', '4 a 3', '5 b in the last chunk'])
  t.is(log.startOffset('clicks', 0), 0)
  t.is(log.endOffset('clicks', 0), 6)
  t.deepEqual(all(log, { from: 2 }), ['3 c 1', '4 a 3', '5 b in the last chunk'])
  t.deepEqual(all(log, { bytesMax: 1 }), all(log))
})

test('a chunk of which nothing is left is gone', async t => {
  const { log, store } = await logOf({ cleanup: 'compact' })
  for (let i = 0; i < 300; i++) log.append('clicks', [record('a', 'x'.repeat(5000))])
  maintain(log)
  t.true(chunksOf(store) <= 2)
  t.deepEqual(
    all(log).map(line => line.split(' ')[0]),
    ['298', '299']
  )
})

test('a tombstone deletes what was before it and stays for a while', async t => {
  const { log } = await logOf({ cleanup: 'compact' }, { compactionBytesMin: 1, deleteRetentionMs: hour })
  log.append('clicks', [record('a', '1'), record('b', '1')])
  log.append('clicks', [{ key: 'a', value: null, timestamp: logTime }])
  log.append('clicks', [record('z', 'last')])
  maintain(log, logTime + hour)
  t.deepEqual(all(log), ['1 b 1', '2 a -', '3 z last'])
  log.append('clicks', [record('y', 'x'.repeat(200)), record('y', 'x'.repeat(200))])
  log.append('clicks', [record('z', 'last')])
  maintain(log, logTime + hour + 1)
  t.deepEqual(
    all(log).map(line => line.slice(0, 3)),
    ['1 b', '3 z', '5 y', '6 z']
  )
})

test('compaction leaves alone what a group has yet to read, and records without a key', async t => {
  const { log, store } = await logOf({ cleanup: 'compact' })
  for (const value of ['1', '2', '3', '4']) log.append('clicks', [record('a', value)])
  log.append('clicks', [{ key: null, value: Buffer.from('n'), timestamp: logTime }])
  log.append('clicks', [record('a', 'last')])
  consume(log, store, 2)
  maintain(log)
  t.deepEqual(all(log), ['1 a 2', '2 a 3', '3 a 4', '4  n', '5 a last'])
  consume(log, store, 6)
  maintain(log)
  t.deepEqual(all(log), ['3 a 4', '4  n', '5 a last'])
})

test('many small chunks become few, with the same records', async t => {
  const { log, store } = await logOf({})
  for (let i = 0; i < 3000; i++) log.append('clicks', [record(`u${i % 10}`, `value ${i}`)])
  const before = all(log)
  t.is(chunksOf(store), 3000)
  maintain(log)
  t.true(chunksOf(store) < 20, `${chunksOf(store)} chunks`)
  t.deepEqual(all(log), before)
  t.deepEqual(all(new EmbeddedLog(store)), before)
})

test('a reader in another thread goes on while chunks are merged and dropped under it', async t => {
  const { log, store } = await logOf({ retentionBytes: 20_000 })
  const reader = new LogReader(store)
  for (let i = 0; i < 400; i++) log.append('clicks', [record('u1', 'x'.repeat(50))])
  const batch = reader.read('clicks', 0, 0, 100)
  t.is(batch?.offset(0), 0)
  maintain(log)
  const start = log.startOffset('clicks', 0)
  t.true(start > 0)
  t.is(reader.read('clicks', 0, 1, 100)?.offset(0), start)
  t.deepEqual(all(reader), all(log))
  t.deepEqual([reader.endOffset('clicks', 0), reader.commit], [400, log.commit])
})

test('maintenance does a bounded piece and goes on where it stopped', async t => {
  const { log } = await logOf({ cleanup: 'compact' })
  for (let i = 0; i < 200; i++) log.append('clicks', [record(`u${i % 7}`, 'x'.repeat(20_000))])
  let calls = 0
  while (log.maintain(logTime, 0)) calls++
  t.true(calls > 20)
  t.is(all(log).length, 8)
})

test('whatever is written, however maintenance is interrupted, readers find the same', async t => {
  t.log(`SEED=${seed}`)
  const chance = chances(seed)
  for (let round = 0; round < 30; round++) {
    const cleanup = round % 2 === 0 ? 'compact' : 'delete'
    let { log, store } = await logOf({ cleanup })
    const written: string[] = []
    for (let step = 0; step < 150; step++) {
      const records = Array.from({ length: 1 + Math.floor(chance() ** 3 * 200) }, () => ({
        key: `k${Math.floor(chance() * 40)}`,
        value: chance() < 0.1 ? null : Buffer.from('x'.repeat(Math.floor(chance() ** 4 * 3000))),
        timestamp: logTime
      }))
      log.append('clicks', records)
      for (const { key, value } of records) written.push(`${written.length} ${key} ${value ?? '-'}`)
      if (chance() < 0.3) log.maintain(logTime, 0)
      if (chance() < 0.1) maintain(log)
      if (chance() < 0.1) log = new EmbeddedLog(store, { limits: { compactionBytesMin: 1 } })
    }
    maintain(log)
    const bytesMax = 1 + Math.floor(chance() * 50_000)
    const found = all(log, { bytesMax })
    const expected = cleanup === 'delete' ? written : found.filter(line => written[Number.parseInt(line, 10)] === line)
    t.true(isDeepStrictEqual(found, expected))
    t.true(isDeepStrictEqual(lastByKey(found), lastByKey(written)))
    const from = Math.floor(chance() * written.length)
    const rest = found.filter(line => Number.parseInt(line, 10) >= from)
    t.true(isDeepStrictEqual(all(log, { from, bytesMax }), rest))
    t.true(isDeepStrictEqual(all(new LogReader(store), { bytesMax }), found))
  }
})

function lastByKey(lines: string[]): string[] {
  return Object.values(Object.fromEntries(lines.map(line => [line.split(' ')[1], line]))).sort()
}

function chances(from: number): () => number {
  let state = from
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
