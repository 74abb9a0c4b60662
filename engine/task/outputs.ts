import { poison } from '../errors.ts'
import { ChunkBuilder } from '../log/chunk.ts'
import type { NewRecord } from '../log/log.ts'
import { partitionOf } from '../log/partition-of.ts'

/** The topic of what could not be processed (INTERFACES 8). */
export const deadLetters = 'dead-letters'

/** Takes the records that a unit of work emits. */
export interface OutputSink {
  add(to: { log: string; partitions: number }, record: NewRecord): void
  readonly bytes: number
  clear(): void
}

/** The records a unit of work will append, encoded front to back as they are emitted. */
export class Outputs implements OutputSink {
  readonly #builders = new Map<string, ChunkBuilder[]>()
  count = 0
  bytes = 0

  add({ log, partitions }: { log: string; partitions: number }, { key, value, timestamp, headers }: NewRecord): void {
    const partition = partitionOf(key, partitions)
    const byPartition = this.#builders.get(log) ?? this.#addTopic(log)
    byPartition[partition] ??= new ChunkBuilder()
    byPartition[partition].add(key, value, timestamp, headers)
    this.count++
    this.bytes += (value?.length ?? 0) + (key?.length ?? 0)
  }

  *builders(): Iterable<{ topic: string; partition: number; builder: ChunkBuilder }> {
    for (const [topic, byPartition] of this.#builders) {
      for (const [partition, builder] of byPartition.entries()) {
        if (builder && builder.count > 0) yield { topic, partition, builder }
      }
    }
  }

  clear(): void {
    for (const byPartition of this.#builders.values()) for (const builder of byPartition) builder?.reset()
    this.count = 0
    this.bytes = 0
  }

  #addTopic(log: string): ChunkBuilder[] {
    const byPartition: ChunkBuilder[] = []
    this.#builders.set(log, byPartition)
    return byPartition
  }
}

/** Refuses, at emit, what the topic would refuse at commit; the record that caused it becomes a dead letter. */
export function checkSize(topic: { name: string; recordBytesMax: number }, key: string, value: Buffer | null): void {
  const bytes = key.length + (value?.length ?? 0)
  if (bytes > topic.recordBytesMax) {
    throw poison(
      'record_too_large',
      `A record of ${bytes} bytes for ${topic.name} is above its limit of ${topic.recordBytesMax} bytes.`
    )
  }
}
