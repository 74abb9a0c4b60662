import { ByteReader, ByteWriter } from '../bytes.ts'
import type { StoreReader, WriteBatch } from '../stores/state-store.ts'
import type { TopicSpec } from './log.ts'

/**
 * The rows of the embedded log.
 *
 * column log:  u16 topic id, u16 partition, u64 base offset → chunk (chunk.ts)
 * column meta: `t/` name → topic spec with its id (JSON)     `e/` u16 topic id, u16 partition → `Ends`
 *              `g/` group `\0` topic → committed offsets     `p/` producer → position     `u/` anything → of the caller
 *              `commit`: see commit-chain.ts
 */
export interface TopicRow {
  id: number
  spec: TopicSpec
}

const out = new ByteWriter(256)

export function chunkKey(topicId: number, partition: number, baseOffset: number): Buffer {
  return out.reset().u16(topicId).u16(partition).i64(baseOffset).copy()
}

export function baseOffsetOf(key: Buffer): number {
  return new ByteReader(key, 4).i64()
}

/** All chunks of a partition at or behind an offset. */
export function chunkRange(topicId: number, partition: number, fromOffset = 0, toOffset?: number) {
  const lt =
    toOffset === undefined
      ? out
          .reset()
          .u32(topicId * 65536 + partition + 1)
          .copy()
      : chunkKey(topicId, partition, toOffset)
  return { gte: chunkKey(topicId, partition, fromOffset), lt }
}

export function putTopic(batch: WriteBatch, { id, spec }: TopicRow): void {
  batch.put('meta', Buffer.from(`t/${spec.name}`), Buffer.from(JSON.stringify({ id, spec })))
}

export function readTopics(store: StoreReader): TopicRow[] {
  const rows = store.range('meta', { ...prefixed('t/'), limit: 65536 })
  return rows.map(([, value]) => JSON.parse(value.toString()) as TopicRow)
}

/** What is known of a partition without reading it. */
export interface Ends {
  start: number
  end: number
  /** Of all chunks with their keys. */
  bytes: number
  /** Compaction has been up to this offset, and left so many bytes. */
  cleanTo: number
  cleanBytes: number
}

export const noEnds = (): Ends => ({ start: 0, end: 0, bytes: 0, cleanTo: 0, cleanBytes: 0 })

export function putEnds(batch: WriteBatch, topicId: number, partition: number, ends: Ends): void {
  const key = endsKey(topicId, partition)
  batch.put(
    'meta',
    key,
    out.reset().i64(ends.start).i64(ends.end).i64(ends.bytes).i64(ends.cleanTo).i64(ends.cleanBytes).view()
  )
}

export function readEnds(store: StoreReader, topicId: number, partitions: number): Ends[] {
  const keys = Array.from({ length: partitions }, (_, partition) => endsKey(topicId, partition))
  return store.getMany('meta', keys).map(bytes => {
    if (!bytes) return noEnds()
    const input = new ByteReader(bytes)
    return { start: input.i64(), end: input.i64(), bytes: input.i64(), cleanTo: input.i64(), cleanBytes: input.i64() }
  })
}

export function putPositions(batch: WriteBatch, group: string, topic: string, positions: readonly number[]): void {
  out.reset()
  for (const position of positions) out.i64(position)
  batch.put('meta', positionsKey(group, topic), out.view())
}

/** Groups by name, each with its offsets by topic. */
export function readGroups(store: StoreReader): Map<string, Map<string, number[]>> {
  const groups = new Map<string, Map<string, number[]>>()
  for (const [key, value] of store.range('meta', { ...prefixed('g/'), limit: Infinity })) {
    const [group, topic] = key.toString('utf8', 2).split('\0')
    const input = new ByteReader(value)
    const positions: number[] = []
    while (!input.isAtEnd) positions.push(input.i64())
    const topics = groups.get(group) ?? new Map<string, number[]>()
    groups.set(group, topics.set(topic, positions))
  }
  return groups
}

export const positionsKey = (group: string, topic: string) => Buffer.from(`g/${group}\0${topic}`)
export const producerKey = (name: string) => Buffer.from(`p/${name}`)
export const metaKey = (name: string) => Buffer.from(`u/${name}`)

function endsKey(topicId: number, partition: number): Buffer {
  const key = Buffer.allocUnsafe(6)
  key.write('e/', 'latin1')
  key.writeUInt16BE(topicId, 2)
  key.writeUInt16BE(partition, 4)
  return key
}

function prefixed(prefix: string) {
  const gte = Buffer.from(prefix)
  const lt = Buffer.from(prefix)
  lt[lt.length - 1]++
  return { gte, lt }
}
