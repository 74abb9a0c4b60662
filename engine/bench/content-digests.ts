import { createHash } from 'node:crypto'
import type { Log } from '../log/log.ts'

export interface Digests {
  /** SHA-256 over, per key in ascending order: length of the key (u32), key, length of the value, value. */
  content: string
  /** The same over the first four bytes of each value only. */
  counts: string
  keys: number
}

export function digestsOf(values: ReadonlyMap<string, Buffer>): Digests {
  const content = createHash('sha256')
  const counts = createHash('sha256')
  for (const key of [...values.keys()].sort((a, b) => (a < b ? -1 : 1))) {
    const value = values.get(key) as Buffer
    const keyPart = lengthPrefixed(Buffer.from(key))
    content.update(keyPart).update(lengthPrefixed(value))
    counts.update(keyPart).update(lengthPrefixed(value.subarray(0, 4)))
  }
  return { content: content.digest('hex'), counts: counts.digest('hex'), keys: values.size }
}

function lengthPrefixed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** The last value of each key of a compacted topic. */
export function lastValues(log: Pick<Log, 'topics' | 'read'>, topic: string): Map<string, Buffer> {
  const values = new Map<string, Buffer>()
  const { partitions } = log.topics().find(({ name }) => name === topic) ?? { partitions: 0 }
  for (let partition = 0; partition < partitions; partition++) {
    for (let offset = 0; ; ) {
      const batch = log.read(topic, partition, offset, 1 << 20)
      if (!batch) break
      for (let i = 0; i < batch.count; i++) {
        const value = batch.value(i)
        if (value) values.set(batch.key(i), Buffer.from(value))
        else values.delete(batch.key(i))
      }
      offset = batch.nextOffset
    }
  }
  return values
}
