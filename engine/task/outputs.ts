import { poison } from '../errors.ts'
import { ChunkBuilder } from '../log/chunk.ts'
import { partitionOf } from '../log/partition-of.ts'
import type { Headers } from '../record.ts'

/** The topic of what could not be processed (INTERFACES 8). */
export const deadLetters = 'dead-letters'

/** The records a unit of work will append, encoded front to back as they are emitted. */
export class Outputs {
  readonly #builders = new Map<string, (ChunkBuilder | undefined)[]>()
  count = 0
  bytes = 0

  add(topic: string, partitions: number, key: string | Buffer | null, value: Buffer | null, timestamp: number, headers?: Headers): void {
    const partition = partitionOf(key, partitions)
    let byPartition = this.#builders.get(topic)
    if (!byPartition) this.#builders.set(topic, (byPartition = []))
    let builder = byPartition[partition]
    if (!builder) byPartition[partition] = builder = new ChunkBuilder()
    builder.add(key, value, timestamp, headers)
    this.count++
    this.bytes += (value?.length ?? 0) + (key?.length ?? 0)
  }

  *builders(): Iterable<{ topic: string; partition: number; builder: ChunkBuilder }> {
    for (const [topic, byPartition] of this.#builders) {
      for (const [partition, builder] of byPartition.entries()) if (builder) yield { topic, partition, builder }
    }
  }

  clear(): void {
    this.#builders.clear()
    this.count = 0
    this.bytes = 0
  }
}

/** Refuses, at emit, what the topic would refuse at commit; the record that caused it becomes a dead letter. */
export function checkSize(topic: { name: string; recordBytesMax: number }, key: string, value: Buffer | null): void {
  const bytes = key.length + (value?.length ?? 0)
  if (bytes > topic.recordBytesMax) {
    throw poison('record_too_large', `A record of ${bytes} bytes for ${topic.name} is above its limit of ${topic.recordBytesMax} bytes.`)
  }
}
