import { distinctTopics, workerTopics } from '../engine/distributed/worker-topics.ts'
import type { TopicSpec } from '../engine/log/log.ts'
import { type Plan, plan, topicSpec } from '../engine/task/plan.ts'
import type { Topology } from '../engine/topology.ts'
import type { Config } from '../schemas/config.ts'
import type { PurchaseSource } from '../topologies/baskets.ts'
import { allTopologies } from '../topologies/index.ts'
import { inputRanks, inputTopics } from './input-topics.ts'

/** What stream workers run while purchases are counted from there. */
export function topologiesOnKafka({ excluded_ids }: Config, purchaseSource: PurchaseSource): Topology[] {
  return allTopologies({ purchaseSource, excludedIds: new Set(excluded_ids) })
}

export function planOnKafka({ namespace, kafka }: Config, topologies: readonly Topology[]): Plan {
  return plan(topologies, { partitions: kafka.partitions, namespace, ranks: inputRanks, repartition: 'topics' })
}

/** All topics that processes of this deployment need, also once purchases move from events to orders. */
export function topicsOnKafka(config: Config): TopicSpec[] {
  const { namespace, purchase_source, kafka } = config
  const { partitions } = kafka
  const sources: PurchaseSource[] = purchase_source === 'auto' ? ['events', 'orders'] : [purchase_source]
  const inputs = inputTopics.map(topic => topicSpec(topic, topic.name, partitions))
  const worked = sources.flatMap(source =>
    workerTopics({ topologies: topologiesOnKafka(config, source), namespace, partitions })
  )
  return distinctTopics([...worked, ...inputs])
}
