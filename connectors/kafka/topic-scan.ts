import type { RecordBatch, TopicPartition, TopicSpec } from '../../engine/log/log.ts'
import { Admin } from './admin.ts'
import type { Cluster } from './cluster.ts'
import { offsetsOf } from './list-offsets.ts'
import { PartitionReader } from './reader.ts'
import { specOf } from './topic-fit.ts'

/** A topic as it stands on the brokers. */
export interface ExistingTopic extends TopicSpec {
  /** Oldest offset and the end that a committed-only reader sees, by partition. */
  starts: number[]
  ends: number[]
}

const readBytes = 1 << 20

/** Those of the cluster's topics that are asked for, by name; nothing is created. */
export async function existingTopics(cluster: Cluster, isWanted: (name: string) => boolean): Promise<ExistingTopic[]> {
  const all = await cluster.retrying('asking for all topics', () => cluster.allTopics())
  const found = all.filter(({ name }) => isWanted(name)).sort((a, b) => (a.name < b.name ? -1 : 1))
  const configs = await new Admin(cluster).topicConfigs(found.map(({ name }) => name))
  const places = found.flatMap(({ name, partitions }) => partitions.map((_, partition) => ({ topic: name, partition })))
  const starts = await offsetsOf(cluster, places, 'earliest')
  const ends = await offsetsOf(cluster, places, 'lastStable')
  return found.map(({ name, partitions }) => ({
    ...specOf(name, { partitions: partitions.length, configs: configs.get(name) ?? new Map() }),
    starts: partitions.map((_, partition) => starts.get(name)?.get(partition) ?? 0),
    ends: partitions.map((_, partition) => ends.get(name)?.get(partition) ?? 0)
  }))
}

/**
 * Committed records of one partition in the order of their offsets, from `from` until `to` is reached: the last batch may
 * hold records behind it. Throws where offsets from `from` on are gone.
 */
export async function* scanPartition(
  cluster: Cluster,
  { topic, partition, from, to }: TopicPartition & { from: number; to: number }
): AsyncGenerator<RecordBatch> {
  if (from >= to) return
  const reader = new PartitionReader(cluster, { lane: 'fetch scan' })
  try {
    reader.seek(topic, partition, from)
    for (let position = from; position < to; ) {
      const batch = reader.read(topic, partition, readBytes)
      if (!batch) {
        await reader.arrived()
        continue
      }
      position = batch.nextOffset
      if (batch.count > 0) yield batch
    }
  } finally {
    reader.close()
  }
}
