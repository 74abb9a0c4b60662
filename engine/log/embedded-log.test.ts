import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { codeOf } from '../errors.ts'
import { MemoryStore } from '../stores/memory-store.ts'
import { RocksStore } from '../stores/rocksdb-store.ts'
import { ChunkBuilder } from './chunk.ts'
import { EmbeddedLog } from './embedded-log.ts'
import { all, logContract, logTime, record, spec } from './log-contract.ts'

const root = mkdtempSync(join(tmpdir(), 'millrace-log-'))
test.after.always(() => rmSync(root, { recursive: true, force: true }))
let count = 0

logContract(test, 'in memory', async () => {
  const store = new MemoryStore()
  return { log: new EmbeddedLog(store), close: () => store.close() }
})

logContract(test, 'on RocksDB', async () => {
  const store = await RocksStore.open(join(root, `${count++}`))
  return { log: new EmbeddedLog(store), close: () => store.close() }
})

async function inMemory() {
  const store = new MemoryStore()
  const log = new EmbeddedLog(store)
  await log.ensureTopics([spec(), spec({ name: 'sessions', partitions: 2 })])
  return { store, log }
}

function built(...values: string[]): ChunkBuilder {
  const builder = new ChunkBuilder()
  for (const value of values) builder.add('u1', Buffer.from(value), logTime)
  return builder
}

test('state, outputs, offsets and the rows of the caller become visible as one', async t => {
  const { store, log } = await inMemory()
  const batch = store.batch()
  const staging = log.stage(batch)
  t.deepEqual(staging.append('clicks', 0, built('a', 'b')), { firstOffset: 0, nextOffset: 2 })
  t.deepEqual(staging.append('clicks', 0, [record('u1', 'c')]), { firstOffset: 2, nextOffset: 3 })
  staging.append('sessions', 1, built('d'))
  staging.commitOffsets('millrace', new Map([['clicks', [7]]]))
  staging.putMeta('stream-time', Buffer.from('42'))
  batch.put('state', Buffer.from('k1'), Buffer.from('v1'))
  const commit = staging.finish()
  t.is(log.endOffset('clicks', 0), 0)
  t.deepEqual([...log.committed('millrace')], [])
  store.write(batch, staging)
  staging.applied()
  t.is(log.commit, commit)
  t.deepEqual(all(log), ['0 u1 a', '1 u1 b', '2 u1 c'])
  t.deepEqual(all(log, { topic: 'sessions', partition: 1 }), ['0 u1 d'])
  t.deepEqual([...log.committed('millrace')], [['clicks', [7]]])
  t.deepEqual(log.meta('stream-time'), Buffer.from('42'))
})

test('what was discarded was never there, and its offsets are given again', async t => {
  const { store, log } = await inMemory()
  const staging = log.stage(store.batch())
  staging.append('clicks', 0, built('lost'))
  staging.commitOffsets('millrace', new Map([['clicks', [7]]]))
  staging.discard()
  const commitBefore = log.commit
  log.append('clicks', [record('u1', 'kept')])
  t.is(log.commit, commitBefore + 1)
  t.deepEqual(all(log), ['0 u1 kept'])
  t.deepEqual([...log.committed('millrace')], [])
})

test('a second write before the first has ended is refused', async t => {
  const { store, log } = await inMemory()
  const staging = log.stage(store.batch())
  t.is(codeOf(t.throws(() => log.stage(store.batch()))), 'log_staging_misused')
  staging.discard()
  t.is(codeOf(t.throws(() => staging.discard())), 'log_staging_misused')
})

test('a log that is opened again goes on where it was', async t => {
  const { store, log } = await inMemory()
  log.append('sessions', [record('u1', 'a'), record('u2', 'b')], { partition: 1, producer: { name: 'load', to: '5' } })
  const staging = log.stage(store.batch())
  staging.commitOffsets(
    'millrace',
    new Map([
      ['clicks', [3]],
      ['sessions', [0, 2]]
    ])
  )
  staging.commit()
  const again = new EmbeddedLog(store)
  t.is(again.commit, log.commit)
  t.deepEqual(again.topics(), log.topics())
  t.is(again.producerPosition('load'), '5')
  t.is(again.producerPosition('nobody'), undefined)
  t.deepEqual(Object.fromEntries(again.committed('millrace')), { clicks: [3], sessions: [0, 2] })
  again.append('sessions', [record('u3', 'c')], { partition: 1 })
  t.deepEqual(all(again, { topic: 'sessions', partition: 1 }), ['0 u1 a', '1 u2 b', '2 u3 c'])
})

test('a change of retention is taken over, new topics get ids of their own', async t => {
  const { log } = await inMemory()
  log.append('clicks', [record('u1', 'a')])
  await log.ensureTopics([spec({ retentionMs: 1000 }), spec({ name: 'orders' })])
  t.is(log.topics().find(({ name }) => name === 'clicks')?.retentionMs, 1000)
  log.append('orders', [record('u1', 'b')])
  t.deepEqual([all(log), all(log, { topic: 'orders' })], [['0 u1 a'], ['0 u1 b']])
})

test('a damaged chunk stops with the topic, the partition and the offset', async t => {
  const { store, log } = await inMemory()
  log.append('clicks', [record('u1', 'a')])
  log.append('clicks', [record('u1', 'b')])
  const rows = store.range('log', { gte: Buffer.from([0, 1]), lt: Buffer.from([0, 2]) })
  const batch = store.batch()
  const damaged = Buffer.from(rows[1][1])
  damaged[damaged.length - 1] ^= 1
  batch.put('log', rows[1][0], damaged)
  store.write(batch)
  const error = t.throws(() => all(log))
  t.is(codeOf(error), 'log_chunk_corrupt')
  t.regex(error?.message ?? '', /clicks, partition 0, from offset 1/)
})

test('a chunk that is gone stops with the offset it began at', async t => {
  const { store, log } = await inMemory()
  for (const value of ['a', 'b', 'c']) log.append('clicks', [record('u1', value)])
  const rows = store.range('log', { gte: Buffer.from([0, 1]), lt: Buffer.from([0, 2]) })
  const batch = store.batch()
  batch.delete('log', rows[1][0])
  store.write(batch)
  const error = t.throws(() => all(log))
  t.is(codeOf(error), 'log_chunk_missing')
  t.regex(error?.message ?? '', /clicks, partition 0, from offset 1 /)
  t.deepEqual(all(log, { from: 2 }), ['2 u1 c'])
})

test('timestamps that are not whole milliseconds are refused', async t => {
  const { log } = await inMemory()
  for (const timestamp of [Number.NaN, Infinity, 1.5]) {
    t.is(codeOf(t.throws(() => log.append('clicks', [record('u1', 'a', timestamp)]))), 'timestamp_invalid')
  }
  t.is(log.endOffset('clicks', 0), 0)
})
