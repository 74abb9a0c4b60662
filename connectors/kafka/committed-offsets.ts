import type { Cluster } from './cluster.ts'
import type { CommitOffsets, Position } from './commit-offsets.ts'
import { refusal } from './errors.ts'
import { offsetCommit, offsetFetch } from './wire.ts'

export type CommittedOffsets = Map<string, Map<number, Position>>

/** Longer than a transaction may take, with the broker's look-out for those that took too long. */
const patienceMs = 120_000

/**
 * What a group has committed, once no open transaction can change it any more (`requireStable`, KIP-447): a worker that
 * takes over waits here for its predecessor's transaction to end. Absent = never committed. Who only watches takes what
 * is committed for sure (`isStable: false`) and waits for nobody.
 *
 * `topics` undefined = all that the group has.
 */
export function committedOffsets(
  cluster: Cluster,
  group: string,
  topics?: ReadonlyMap<string, readonly number[]>,
  { isStable = true }: { isStable?: boolean } = {}
): Promise<CommittedOffsets> {
  const doing = `asking for the offsets of group ${group}`
  const wanted =
    topics && [...topics].map(([name, partitionIndexes]) => ({ name, partitionIndexes: [...partitionIndexes] }))
  // A predecessor that died holds them up until its transaction times out.
  const timeoutMs = Math.max(cluster.options.retryTimeoutMs, patienceMs)
  const ask = async () => {
    const link = await cluster.coordinatorLink('group', group)
    const question = { groupId: group, memberId: null, memberEpoch: -1, topics: wanted ?? null }
    const { groups } = await link.send(offsetFetch, doing, [question], isStable)
    const found: CommittedOffsets = new Map()
    for (const { name, partitions } of groups[0]?.topics ?? []) {
      for (const { partitionIndex, committedOffset, metadata, errorCode } of partitions) {
        if (errorCode !== 0) throw refusal(errorCode, doing)
        if (committedOffset < 0n) continue
        const byPartition = found.get(name) ?? new Map<number, Position>()
        found.set(name, byPartition)
        byPartition.set(partitionIndex, { offset: Number(committedOffset), metadata: metadata ?? '' })
      }
    }
    return found
  }
  return cluster.retrying(doing, ask, { timeoutMs })
}

/**
 * Commits outside of a transaction: at least once, after the outputs were written. The broker refuses whoever is not a
 * member of the current generation.
 */
export async function commitOffsets(cluster: Cluster, { group, member, positions }: CommitOffsets): Promise<void> {
  const doing = `committing offsets of group ${group}`
  const topics = [...positions].map(([name, byPartition]) => ({
    name,
    partitions: [...byPartition].map(([partitionIndex, { offset, metadata }]) => ({
      partitionIndex,
      committedOffset: BigInt(offset),
      committedLeaderEpoch: -1,
      committedMetadata: metadata ?? ''
    }))
  }))
  const { memberId = '', generation = -1, instanceId = null } = member ?? {}
  await cluster.retrying(doing, async () => {
    const link = await cluster.coordinatorLink('group', group)
    await link.send(offsetCommit, doing, group, generation, memberId, instanceId, topics)
  })
}
