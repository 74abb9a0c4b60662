import type { metadataV12 } from '@platformatic/kafka'
import type { Cluster } from './cluster.ts'
import { isKafka, refusal, responseOf } from './errors.ts'
import { describeGroups, metadata } from './wire.ts'

/** Bits of `authorized_operations` (KIP-430), by the names that `kafka-acls.sh` knows. */
const bits = { Read: 3, Write: 4, Create: 5, Delete: 6, Alter: 7, Describe: 8, DescribeConfigs: 10, AlterConfigs: 11 }

/** What this client may do with each of the topics, as the brokers say: of all that exist; nothing with a hidden one. */
export async function rightsOnTopics(cluster: Cluster, names: readonly string[]): Promise<Map<string, Set<string>>> {
  const doing = 'asking what is allowed with topics'
  return cluster.retrying(doing, async () => {
    const link = await cluster.anyLink()
    let answer: metadataV12.MetadataResponse
    try {
      answer = await link.send(metadata, doing, [...names], false, true)
    } catch (error) {
      // One topic that is not there, or is hidden, does not spoil what is said about the others.
      const partial = responseOf<metadataV12.MetadataResponse>((error as Error).cause)
      if (!partial?.topics || isKafka(error, 'NETWORK')) throw error
      answer = partial
    }
    const found = new Map<string, Set<string>>()
    for (const { name, errorCode, topicAuthorizedOperations } of answer.topics) {
      if (!name) continue
      if (errorCode === 0) found.set(name, named(topicAuthorizedOperations))
      else if (isKafka(refusal(errorCode, doing), 'TOPIC_AUTHORIZATION_FAILED')) found.set(name, new Set())
    }
    return found
  })
}

/** What this client may do with a group; it need not have members. */
export async function rightsOnGroup(cluster: Cluster, group: string): Promise<Set<string>> {
  const doing = `asking what is allowed with group ${group}`
  return cluster.retrying(doing, async () => {
    try {
      const link = await cluster.coordinatorLink('group', group)
      const { groups } = await link.send(describeGroups, doing, [group], true)
      return named(groups[0].authorizedOperations)
    } catch (error) {
      if (isKafka(error, 'GROUP_AUTHORIZATION_FAILED')) return new Set()
      throw error
    }
  })
}

function named(operations: number): Set<string> {
  return new Set(Object.entries(bits).flatMap(([name, bit]) => ((operations >> bit) & 1 ? [name] : [])))
}
