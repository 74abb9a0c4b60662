import type { Cluster } from '../connectors/kafka/cluster.ts'
import { committedOffsets } from '../connectors/kafka/committed-offsets.ts'
import { offsetsOf } from '../connectors/kafka/list-offsets.ts'
import { readTimes } from '../engine/distributed/committed-times.ts'
import type { TopicPartition, TopicSpec } from '../engine/log/log.ts'
import { ticks } from '../engine/stream.ts'
import type { Plan } from '../engine/task/plan.ts'
import type { LogPositions, Offsets } from './kafka/log-positions.ts'

/** All partitions of a topic. */
export function places(topic: string, partitions: number): TopicPartition[] {
  return Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))
}

/** Where the streams of a group and the topics they read stand; `topics` says which there are. */
export function positionsOn(cluster: Cluster, group: string, topics: () => readonly TopicSpec[]): LogPositions {
  const counts = () => new Map(topics().map(({ name, partitions }) => [name, partitions]))
  return {
    committed: async names => {
      const partitions = counts()
      const wanted = names.map(name => [name, [...Array(partitions.get(name) ?? 0).keys()]] as const)
      const found = await committedOffsets(cluster, group, new Map(wanted), { isStable: false })
      return new Map(
        [...found].map(([topic, byPartition]) => [
          topic,
          new Map([...byPartition].map(([partition, { offset }]) => [partition, offset]))
        ])
      )
    },
    ends: names => {
      const partitions = counts()
      return offsetsOf(
        cluster,
        names.flatMap(name => places(name, partitions.get(name) ?? 0)),
        'highWatermark'
      )
    }
  }
}

/** The same with `ticks`, which every task of a partition reads: where the last of them stands. */
export function positionsWithTicks(
  positions: LogPositions,
  { cluster, group, plan }: { cluster: Cluster; group: string; plan: Plan }
): LogPositions {
  const firsts = plan.subTopologies.map(({ sources, partitions }) => ({ topic: sources[0].log, partitions }))
  const wanted = new Map(firsts.map(({ topic, partitions }) => [topic, [...Array(partitions).keys()]]))
  return {
    ends: positions.ends,
    committed: async names => {
      const [committed, times] = await Promise.all([
        positions.committed(names),
        committedOffsets(cluster, group, wanted, { isStable: false })
      ])
      const seen = new Map<number, number>()
      for (const place of firsts.flatMap(({ topic, partitions }) => places(topic, partitions))) {
        const { partition } = place
        seen.set(
          partition,
          Math.min(seen.get(partition) ?? Number.POSITIVE_INFINITY, readTimes(times, place)?.ticks ?? 0)
        )
      }
      return new Map<string, ReadonlyMap<number, number>>([...committed, [ticks, seen]]) as Offsets
    }
  }
}
