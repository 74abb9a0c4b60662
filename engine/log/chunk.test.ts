import test from 'ava'
import { codeOf } from '../errors.ts'
import { ChunkBuilder } from './chunk.ts'
import { logTime } from './log-contract.ts'
import { type Chunk, chunkHeader, Segment } from './segment.ts'

const place = { topic: 'clicks', partition: 3 }

function chunksOf(builder: ChunkBuilder): Chunk[] {
  const chunks: Chunk[] = []
  let baseOffset = 100
  builder.chunks((bytes, span) => {
    chunks.push({ baseOffset, bytes: Buffer.from(bytes) })
    baseOffset += span
  })
  return chunks
}

test('the header tells count, span and the largest timestamp', t => {
  const builder = new ChunkBuilder()
  builder.add('u1', Buffer.from('a'), logTime)
  builder.add('u2', Buffer.from('b'), logTime + 9)
  builder.add('u3', null, logTime - 5)
  t.deepEqual(chunkHeader(chunksOf(builder)[0]), { count: 3, span: 3, maxTimestamp: logTime + 9 })
})

test('a long run comes out as several chunks, a builder that was reset as none', t => {
  const builder = new ChunkBuilder({ chunkBytesMax: 1000 })
  for (let i = 0; i < 100; i++) builder.add(`u${i}`, Buffer.alloc(90), logTime)
  const chunks = chunksOf(builder)
  t.true(chunks.length > 8)
  const segment = new Segment(place, chunks)
  t.deepEqual([segment.count, segment.firstOffset, segment.nextOffset], [100, 100, 200])
  builder.reset()
  t.deepEqual(chunksOf(builder), [])
  builder.add('u1', null, logTime)
  t.is(chunkHeader(chunksOf(builder)[0]).count, 1)
})

test('left-out offsets stay left out', t => {
  const builder = new ChunkBuilder({ isSparse: true, chunkBytesMax: 60 })
  for (const gap of [0, 5, 0, 300]) {
    builder.skip(gap)
    builder.add('u1', Buffer.from('value'), logTime)
  }
  const segment = new Segment(place, chunksOf(builder))
  t.deepEqual([...segment.offsets], [100, 106, 107, 408])
  t.is(segment.nextOffset, 409)
  t.is(segment.indexOf(107), 2)
  t.is(segment.indexOf(108), 3)
})

test('every flipped byte and every cut is noticed', t => {
  const builder = new ChunkBuilder()
  for (let i = 0; i < 5; i++) builder.add(`u${i}`, Buffer.from('value'), logTime + i, i === 3 ? { a: 'b' } : undefined)
  const [{ bytes, baseOffset }] = chunksOf(builder)
  for (let at = 0; at < bytes.length; at++) {
    const flipped = Buffer.from(bytes)
    flipped[at] ^= 1 << (at % 8)
    for (const damaged of [flipped, bytes.subarray(0, at)]) {
      const error = t.throws(() => new Segment(place, [{ baseOffset, bytes: damaged }]))
      t.is(codeOf(error), 'log_chunk_corrupt')
    }
  }
})

test('a small record costs few bytes', t => {
  const builder = new ChunkBuilder()
  for (let i = 0; i < 1000; i++) builder.add(`user-${i % 10}`, Buffer.alloc(20), logTime + i)
  t.true(chunksOf(builder)[0].bytes.length / 1000 < 6 + 20 + 4)
})
