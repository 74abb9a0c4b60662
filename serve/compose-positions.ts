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

interface Running {
  cluster: Cluster
  group: string
  plan: Plan
}

/** Records that came twice, as all tasks of the plan together have committed it. */
export async function duplicatesOf({ cluster, group, plan }: Running): Promise<number> {
  const { firsts, committed } = await committedFirsts({ cluster, group, plan })
  const times = firsts.flatMap(first => Object.values(readTimes(committed, first)?.times ?? {}))
  return times.reduce((sum, [, , duplicates = 0]) => sum + duplicates, 0)
}

/** What every task has committed of its first input, which carries its times. */
async function committedFirsts({ cluster, group, plan }: Running) {
  const topics = plan.subTopologies.map(({ sources, partitions }) => ({ topic: sources[0].log, partitions }))
  const wanted = new Map(topics.map(({ topic, partitions }) => [topic, [...Array(partitions).keys()]]))
  const committed = await committedOffsets(cluster, group, wanted, { isStable: false })
  return { firsts: topics.flatMap(({ topic, partitions }) => places(topic, partitions)), committed }
}

/** The same with `ticks`, which every task of a partition reads: where the last of them stands. */
export function positionsWithTicks(positions: LogPositions, running: Running): LogPositions {
  return {
    ends: positions.ends,
    committed: async names => {
      const [committed, { firsts, committed: times }] = await Promise.all([
        positions.committed(names),
        committedFirsts(running)
      ])
      const seen = new Map<number, number>()
      for (const place of firsts) {
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
