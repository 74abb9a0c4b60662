import type { TopicPartition } from '../../engine/log/log.ts'
import type { Cluster } from './cluster.ts'
import { isKafka, kafkaError, refusal } from './errors.ts'
import { groupedByLeader } from './list-offsets.ts'
import { createTopics, deleteRecords, deleteTopics, describeConfigs, describeGroups } from './wire.ts'

export interface NewTopic {
  name: string
  partitions: number
  /** -1 = the broker's default. */
  replicationFactor?: number
  configs: Readonly<Record<string, string>>
}

export interface GroupDescription {
  group: string
  /** `Stable`, `PreparingRebalance`, `CompletingRebalance`, `Empty` or `Dead`. */
  state: string
  /** What its members have in common; empty without members. */
  protocol: string
  members: { memberId: string; instanceId: string | null; clientId: string; host: string }[]
}

const timeoutMs = 30_000
const topicResource = 2

/** Administration over the protocol layer, so that ACLs, TLS and retries are those of the rest. */
export class Admin {
  readonly #cluster: Cluster

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  /** Creates what is missing and waits until each partition has a leader; topics that exist are left as they are. */
  async createTopics(topics: readonly NewTopic[]): Promise<void> {
    if (topics.length === 0) return
    for (const topic of topics) await this.#create(topic)
    await this.#cluster.retrying('waiting for new topics', async () => {
      for (const { name, partitions } of topics) {
        const info = await this.#cluster.topic(name)
        const hasLeaders = info.partitions.length >= partitions && info.partitions.every(({ leader }) => leader >= 0)
        if (!hasLeaders) throw kafkaError('LEADER_NOT_AVAILABLE', `waiting for topic ${name}`)
      }
    })
  }

  async #create({ name, partitions, replicationFactor = -1, configs }: NewTopic): Promise<void> {
    const doing = `creating topic ${name}`
    const entries = Object.entries(configs).map(([config, value]) => ({ name: config, value }))
    const topic = { name, numPartitions: partitions, replicationFactor, assignments: [], configs: entries }
    try {
      await this.#cluster.retrying(doing, async () => {
        const link = await this.#cluster.controllerLink()
        try {
          await link.send(createTopics, doing, [topic], timeoutMs, false)
        } catch (error) {
          if (!isKafka(error, 'TOPIC_ALREADY_EXISTS')) throw error
        }
      })
    } finally {
      this.#cluster.invalidate()
    }
  }

  async deleteTopics(names: readonly string[]): Promise<void> {
    const doing = `deleting ${names.join(', ')}`
    await this.#cluster.retrying(doing, async () => {
      const link = await this.#cluster.controllerLink()
      await link.send(
        deleteTopics,
        doing,
        names.map(name => ({ name })),
        timeoutMs
      )
    })
    this.#cluster.invalidate()
  }

  /** Values in force, the broker's defaults included. */
  async topicConfigs(names: readonly string[]): Promise<Map<string, Map<string, string>>> {
    const doing = 'asking for topic configurations'
    const found = new Map<string, Map<string, string>>()
    if (names.length === 0) return found
    await this.#cluster.retrying(doing, async () => {
      const link = await this.#cluster.anyLink()
      const resources = names.map(resourceName => ({
        resourceType: topicResource as 2,
        resourceName,
        configurationKeys: null
      }))
      const { results } = await link.send(describeConfigs, doing, resources, false, false)
      for (const { errorCode, resourceName, configs } of results) {
        if (errorCode !== 0) throw refusal(errorCode, doing)
        found.set(resourceName, new Map(configs.map(({ name, value }) => [name, value ?? ''])))
      }
    })
    return found
  }

  /** KIP-107, KIP-204: everything before `offset` is gone afterwards; returns the new starts. */
  async deleteRecords(before: readonly (TopicPartition & { offset: number })[]): Promise<void> {
    const doing = 'deleting records behind committed offsets'
    await this.#cluster.retrying(doing, async () => {
      for (const [leader, some] of await groupedByLeader(this.#cluster, before)) {
        const link = await this.#cluster.nodeLink(leader)
        const names = [...new Set(some.map(({ topic }) => topic))]
        const topics = names.map(name => ({
          name,
          partitions: some
            .filter(({ topic }) => topic === name)
            .map(({ partition, offset }) => ({ partitionIndex: partition, offset: BigInt(offset) }))
        }))
        await link.send(deleteRecords, doing, topics, timeoutMs)
      }
    })
  }

  async describeGroup(group: string): Promise<GroupDescription> {
    const doing = `asking about group ${group}`
    return this.#cluster.retrying(doing, async () => {
      const link = await this.#cluster.coordinatorLink('group', group)
      try {
        const { groups } = await link.send(describeGroups, doing, [group], false)
        const [found] = groups
        return {
          group,
          state: found.groupState,
          protocol: found.protocolData ?? '',
          members: found.members.map(({ memberId, groupInstanceId, clientId, clientHost }) => ({
            memberId,
            instanceId: groupInstanceId ?? null,
            clientId,
            host: clientHost
          }))
        }
      } catch (error) {
        if (isKafka(error, 'GROUP_ID_NOT_FOUND')) return { group, state: 'Dead', protocol: '', members: [] }
        throw error
      }
    })
  }
}
