import { type TaskGroup, taskId } from './assignor.ts'
import type { Cluster } from './cluster.ts'
import { kafkaError } from './errors.ts'

/** All tasks of these groups, by the partitions that their topics have now. */
export async function taskIds(cluster: Cluster, taskGroups: readonly TaskGroup[]): Promise<string[]> {
  const ids: string[] = []
  for (const { name, topics } of taskGroups) {
    const counts = await Promise.all(topics.map(async topic => (await cluster.topic(topic)).partitions.length))
    if (new Set(counts).size > 1) {
      const said = topics.map((topic, i) => `${topic} has ${counts[i]}`).join(', ')
      throw kafkaError(
        'INVALID_PARTITIONS',
        `sharing out ${name}, whose topics need as many partitions as each other: ${said}`
      )
    }
    for (let partition = 0; partition < (counts[0] ?? 0); partition++) ids.push(taskId({ name, partition }))
  }
  return ids
}
