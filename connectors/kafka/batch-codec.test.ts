import test from 'ava'
import fc from 'fast-check'
import { codeOf, MillraceError } from '../../engine/errors.ts'
import { anonymous, BatchBuilder, type EncodableRecord, loneBatchBytes, type Stamp } from './batch-builder.ts'
import * as layout from './batch-layout.ts'
import { decodeBatches, type FetchedBytes } from './batch-reader.ts'
import { type Compression, compressions } from './compression.ts'

const time = Date.UTC(2024, 0, 1)
const seed = Number(process.env.SEED ?? 20_240_101)

const record = (value: string | null, traits: Partial<EncodableRecord> = {}): EncodableRecord => ({
  key: 'u1',
  value: value === null ? null : Buffer.from(value),
  timestamp: time,
  ...traits
})

interface Wire {
  base?: number
  compression?: Compression
  stamp?: Partial<Stamp>
}

function batch(records: readonly EncodableRecord[], { base = 0, compression, stamp }: Wire = {}): Buffer {
  const builder = new BatchBuilder(64)
  for (const one of records) builder.add(one)
  const bytes = Buffer.from(builder.finish({ ...anonymous, ...stamp }, compression))
  bytes.writeBigInt64BE(BigInt(base), 0)
  return bytes
}

const transactional = (producerId: bigint) => ({
  stamp: { producerId, producerEpoch: 0, sequence: 0, isTransactional: true }
})

/** A control batch as brokers write it: key = version, type; 0 aborts, 1 commits. */
function marker(producerId: bigint, base: number, type: 0 | 1): Buffer {
  const bytes = batch([{ key: Buffer.from([0, 0, 0, type]), value: Buffer.alloc(6), timestamp: time }], {
    base,
    ...transactional(producerId)
  })
  bytes.writeInt16BE(layout.transactionalBit | layout.controlBit, layout.attributesAt)
  return resealed(bytes)
}

/** A batch of which compaction has left nothing but its offsets. */
function emptied(base: number, lastOffset: number): Buffer {
  const bytes = Buffer.from(batch([record('x')], { base }).subarray(0, layout.headerBytes))
  bytes.writeInt32BE(bytes.length - layout.overheadBytes, layout.lengthAt)
  bytes.writeInt32BE(lastOffset - base, layout.lastOffsetDeltaAt)
  bytes.writeInt32BE(0, layout.countAt)
  return resealed(bytes)
}

function resealed(bytes: Buffer): Buffer {
  const table = Array.from({ length: 256 }, (_, n) => {
    let c = n
    for (let k = 0; k < 8; k++) c = c & 1 ? 0x82f63b78 ^ (c >>> 1) : c >>> 1
    return c
  })
  let crc = -1
  for (const byte of bytes.subarray(layout.attributesAt)) crc = table[(crc ^ byte) & 255] ^ (crc >>> 8)
  bytes.writeUInt32BE((crc ^ -1) >>> 0, layout.crcAt)
  return bytes
}

const fetched = (bytes: Buffer, traits: Partial<FetchedBytes> = {}): FetchedBytes => ({
  topic: 'clicks',
  partition: 0,
  bytes,
  fromOffset: 0,
  aborted: [],
  ...traits
})

function seen(bytes: Buffer, traits: Partial<FetchedBytes> = {}): string[] {
  const { runs } = decodeBatches(fetched(bytes, traits))
  return runs.flatMap(run => Array.from({ length: run.count }, (_, i) => `${run.offset(i)} ${run.value(i)}`))
}

for (const compression of compressions) {
  test(`records come back as they were, compression ${compression}`, t => {
    const records: EncodableRecord[] = [
      record('tea', { headers: { code: 'late', naïve: '…', empty: '' } }),
      record(null, { key: null, timestamp: time + 5 }),
      record('', { key: 'ключ', timestamp: time - 86_400_000 }),
      record('x'.repeat(70_000), { key: Buffer.from([255, 0]) }),
      record('last', { key: 'k'.repeat(100) })
    ]
    const { runs, nextOffset } = decodeBatches(fetched(batch(records, { base: 7, compression })))
    t.is(nextOffset, 12)
    t.is(runs.length, 1)
    const [run] = runs
    t.deepEqual(
      records.map((_, i) => ({
        key: run.keyBytes(i),
        value: run.value(i),
        timestamp: run.timestamp(i),
        headers: run.headers(i)
      })),
      records.map(({ key, value, timestamp, headers }) => ({
        key: typeof key === 'string' ? Buffer.from(key) : key,
        value,
        timestamp,
        headers
      }))
    )
    t.is(run.key(2), 'ключ')
    t.is(run.key(1), '')
  })
}

test('a batch stops growing at its limit, and a lone record is measured before it is added', t => {
  const builder = new BatchBuilder()
  let added = 0
  while (builder.add(record('x'.repeat(100)), 1000)) added++
  t.true(added > 5 && builder.bytes <= 1000)
  const one = record('x'.repeat(500), { headers: { a: 'b' } })
  t.true(builder.reset().add(one))
  t.true(builder.bytes <= loneBatchBytes(one))
})

test('two aborted transactions that overlap are both hidden, wherever the reader starts', t => {
  const parts: [from: number, bytes: Buffer][] = [
    [0, batch([record('A0')], { base: 0, ...transactional(1n) })],
    [1, batch([record('B1'), record('B2')], { base: 1, ...transactional(2n) })],
    [3, batch([record('A3')], { base: 3, ...transactional(1n) })],
    [4, marker(1n, 4, 0)],
    [5, marker(2n, 5, 0)],
    [6, batch([record('committed')], { base: 6, ...transactional(2n) })],
    [7, marker(2n, 7, 1)]
  ]
  const aborted = [
    { producerId: 2, firstOffset: 1 },
    { producerId: 1, firstOffset: 0 }
  ]
  for (const first of [0, 1, 2]) {
    const bytes = Buffer.concat(parts.slice(first).map(([, bytes]) => bytes))
    // In the middle of a batch too: it is sent whole.
    for (const fromOffset of [parts[first][0], parts[first + 1][0] - 1]) {
      t.deepEqual(seen(bytes, { aborted, fromOffset }), ['6 committed'])
      t.is(decodeBatches(fetched(bytes, { aborted, fromOffset })).nextOffset, 8)
    }
  }
})

test('a key that looks like an abort marker is none', t => {
  const bytes = Buffer.concat([
    batch([record('C0'), record('C1', { key: Buffer.alloc(4) }), record('C2')], transactional(3n)),
    marker(3n, 3, 0)
  ])
  t.deepEqual(seen(bytes, { aborted: [{ producerId: 3, firstOffset: 0 }] }), [])
})

test('one producer that aborts twice within a fetch is hidden twice', t => {
  const bytes = Buffer.concat([
    batch([record('one')], { base: 0, ...transactional(4n) }),
    marker(4n, 1, 0),
    batch([record('kept')], { base: 2, ...transactional(4n) }),
    marker(4n, 3, 1),
    batch([record('two')], { base: 4, ...transactional(4n) }),
    marker(4n, 5, 0)
  ])
  const aborted = [
    { producerId: 4, firstOffset: 0 },
    { producerId: 4, firstOffset: 4 }
  ]
  t.deepEqual(seen(bytes, { aborted }), ['2 kept'])
})

test('an aborted transaction whose marker is not in the fetch is hidden', t => {
  const bytes = batch([record('big')], transactional(5n))
  t.deepEqual(seen(bytes, { aborted: [{ producerId: 5, firstOffset: 0 }] }), [])
})

test('positions are behind the last batch: markers, emptied batches and gaps included', t => {
  const bytes = Buffer.concat([batch([record('a')], { base: 10 }), emptied(20, 29), marker(1n, 30, 1)])
  const { runs, nextOffset } = decodeBatches(fetched(bytes, { fromOffset: 5 }))
  t.is(nextOffset, 31)
  t.is(runs[0].nextOffset, 31)
})

test('a batch cut off at the end is left for the next fetch', t => {
  const whole = batch([record('a')], { base: 0 })
  const second = batch([record('b')], { base: 1 })
  for (let cut = 0; cut < second.length; cut++) {
    const { nextOffset } = decodeBatches(fetched(Buffer.concat([whole, second.subarray(0, cut)])))
    t.is(nextOffset, 1)
  }
})

test('a flipped bit anywhere behind the CRC is noticed', t => {
  const bytes = batch([record('tea'), record('cup')])
  for (let at = layout.attributesAt; at < bytes.length; at++) {
    const broken = Buffer.from(bytes)
    broken[at] ^= 1
    t.is(codeOf(t.throws(() => seen(broken))), 'kafka_batch_damaged')
  }
})

test('garbage with a good CRC is refused in one sentence, never in a crash or a loop', t => {
  t.log(`seed ${seed}`)
  const property = fc.property(
    fc.uint8Array({ minLength: 1, maxLength: 40 }),
    fc.nat(),
    fc.constantFrom(...compressions),
    fc.integer({ min: -5, max: 1_000_000 }),
    (garbage, place, compression, count) => {
      const records = Array.from({ length: 20 }, (_, i) => record(`v${i}`, { headers: { a: 'b' } }))
      const bytes = batch(records, { compression })
      bytes.set(garbage.subarray(0, bytes.length - layout.headerBytes), layout.headerBytes + (place % 20))
      if (place % 3 === 0) bytes.writeInt32BE(count, layout.countAt)
      outcome(resealed(bytes))
    }
  )
  t.notThrows(() => fc.assert(property, { seed, numRuns: 2000 }))
})

test('bytes at random and truncated batches are refused or read, never in a crash or a loop', t => {
  t.log(`seed ${seed}`)
  const whole = Buffer.concat([
    batch([record('a'), record('b')]),
    batch([record('c')], { base: 2, compression: 'lz4' })
  ])
  const property = fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(), fc.nat(), (garbage, at, cut) => {
    outcome(Buffer.from(garbage))
    const mixed = Buffer.from(whole.subarray(0, cut % whole.length))
    mixed.set(garbage.subarray(0, Math.max(0, mixed.length - (at % 300))), Math.min(at % 300, mixed.length))
    outcome(mixed)
  })
  t.notThrows(() => fc.assert(property, { seed, numRuns: 2000 }))
})

/** Reads everything, columns too; anything thrown must be ours. */
function outcome(bytes: Buffer): void {
  try {
    for (const run of decodeBatches(fetched(bytes)).runs)
      for (let i = 0; i < run.count; i++) [run.key(i), run.value(i), run.headers(i), run.size(i)].toString()
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
  }
}
