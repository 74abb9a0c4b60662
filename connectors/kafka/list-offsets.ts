import type { TopicPartition } from '../../engine/log/log.ts'
import type { Cluster } from './cluster.ts'
import { kafkaError, refusal } from './errors.ts'
import { listOffsets } from './wire.ts'

/**
 * `highWatermark`: behind the last replicated record, open transactions included (the end of a restore). `lastStable`:
 * what a committed-only reader can reach now. Both are ListOffsets with timestamp -1, told apart by the isolation level.
 */
export type OffsetKind = 'earliest' | 'highWatermark' | 'lastStable' | { timestamp: number }

/** By topic and partition; a timestamp behind the last record gives -1. */
export type Offsets = Map<string, Map<number, number>>

const consumerId = -1

export function offsetsOf(cluster: Cluster, wanted: readonly TopicPartition[], kind: OffsetKind): Promise<Offsets> {
  return cluster.retrying('asking for offsets', async () => {
    const byLeader = await groupedByLeader(cluster, wanted)
    const found: Offsets = new Map()
    await Promise.all([...byLeader].map(([leader, some]) => ask(cluster, { leader, some, kind, found })))
    return found
  })
}

interface Question {
  leader: number
  some: (TopicPartition & { leaderEpoch: number })[]
  kind: OffsetKind
  found: Offsets
}

async function ask(cluster: Cluster, { leader, some, kind, found }: Question): Promise<void> {
  const timestamp = kind === 'earliest' ? -2n : typeof kind === 'object' ? BigInt(kind.timestamp) : -1n
  const names = [...new Set(some.map(({ topic }) => topic))]
  const link = await cluster.nodeLink(leader)
  const doing = 'asking for offsets'
  const response = await link.send(
    listOffsets,
    doing,
    consumerId,
    kind === 'lastStable' ? 1 : 0,
    names.map(name => ({
      name,
      partitions: some
        .filter(({ topic }) => topic === name)
        .map(({ partition, leaderEpoch }) => ({
          partitionIndex: partition,
          currentLeaderEpoch: leaderEpoch,
          timestamp
        }))
    }))
  )
  for (const { name, partitions } of response.topics) {
    const offsets = found.get(name) ?? new Map<number, number>()
    found.set(name, offsets)
    for (const { partitionIndex, errorCode, offset } of partitions) {
      if (errorCode !== 0) throw refusal(errorCode, doing)
      offsets.set(partitionIndex, Number(offset))
    }
  }
}

/** Throws LEADER_NOT_AVAILABLE (remedy retry) while a partition has none. */
export async function groupedByLeader<P extends TopicPartition>(
  cluster: Cluster,
  wanted: readonly P[]
): Promise<Map<number, (P & { leaderEpoch: number })[]>> {
  const byLeader = new Map<number, (P & { leaderEpoch: number })[]>()
  for (const one of wanted) {
    const info = (await cluster.topic(one.topic)).partitions[one.partition]
    const doing = `looking for the leader of ${one.topic}, partition ${one.partition}`
    if (!info) throw kafkaError('UNKNOWN_TOPIC_OR_PARTITION', doing)
    if (info.leader < 0) throw kafkaError('LEADER_NOT_AVAILABLE', doing)
    const some = byLeader.get(info.leader) ?? []
    byLeader.set(info.leader, some)
    some.push({ ...one, leaderEpoch: info.leaderEpoch })
  }
  return byLeader
}
