import { Admin } from '../connectors/kafka/admin.ts'
import type { Cluster } from '../connectors/kafka/cluster.ts'
import type { KafkaLog } from '../connectors/kafka/kafka-log.ts'
import { derivedTopics } from '../engine/distributed/worker-topics.ts'
import { historyEndHeader, ticks } from '../engine/stream.ts'
import type { Config } from '../schemas/config.ts'
import { orders } from '../schemas/topics.ts'
import { planOnKafka, topicsOnKafka, topologiesOnKafka } from './compose-kafka-topologies.ts'
import { duplicatesOf, positionsOn, positionsWithTicks } from './compose-positions.ts'
import { untilOrdersCount } from './compose-purchase-switch.ts'
import type { KafkaWriter } from './kafka/kafka-operations.ts'
import { refuseOlder, shortRetentions } from './kafka/short-retention.ts'
import { untilProcessed } from './kafka/until-processed.ts'

export interface Watching {
  /** Records at most that the streams have still to process, while a command waits for them; 0 at last. */
  onProgress(left: number): void
  say(line: string): void
}

export interface KafkaWriterOptions {
  config: Config
  cluster: Cluster
  log: KafkaLog
  watching: Watching
  /** What the streams count purchases from when it is opened. */
  purchaseSource: 'orders' | 'events'
}

const switchPatienceMs = 60_000

/** Writes as commands do, and waits for the streams to process it. */
export function composeKafkaWriter({
  config,
  cluster,
  log,
  watching,
  purchaseSource
}: KafkaWriterOptions): KafkaWriter {
  const group = config.namespace
  const admin = new Admin(cluster)
  const positions = positionsOn(cluster, group, () => log.topics())
  const waiting = {
    members: async () => (await admin.describeGroup(group)).members.length,
    onProgress: watching.onProgress,
    onNobody: once(() => watching.say('Nobody processes the records yet: start millrace stream.'))
  }
  let plan = planOnKafka(config, topologiesOnKafka(config, purchaseSource))
  let isSwitchDue = purchaseSource === 'events' && config.purchase_source === 'auto'
  const processed = () => untilProcessed({ derived: derivedTopics(plan), log: positions, ...waiting })
  const short = shortRetentions(topicsOnKafka(config), log.topics())
  return {
    append: async (topic, records, options) => {
      refuseOlder(records, topic, { short, derived: derivedTopics(plan), now: Date.now() })
      await log.append(topic, records, options)
      if (topic !== orders.name || !isSwitchDue) return
      isSwitchDue = false
      plan = planOnKafka(config, topologiesOnKafka(config, 'orders'))
      await untilOrdersCount(cluster, group, switchPatienceMs)
    },
    producerPosition: name => log.producerPosition(name),
    processed,
    duplicates: () => duplicatesOf({ cluster, group, plan }),
    // The tick that says so is the next thing every task sees then; after it, what its timers make of that.
    endHistory: async name => {
      await processed()
      await appendHistoryEnd(log, name)
      const derived = derivedTopics(plan)
      const ticked = positionsWithTicks(positions, { cluster, group, plan })
      await untilProcessed({ derived: new Map([[ticks, [...derived.keys()]], ...derived]), log: ticked, ...waiting })
    }
  }
}

async function appendHistoryEnd(log: KafkaLog, name: string): Promise<void> {
  const tick = { key: null, value: null, timestamp: Date.now(), headers: { [historyEndHeader]: name } }
  const partitions = log.topics().find(topic => topic.name === ticks)?.partitions ?? 0
  for (let partition = 0; partition < partitions; partition++) await log.append(ticks, [tick], { partition })
}

function once(work: () => void): () => void {
  let isDone = false
  return () => {
    if (!isDone) work()
    isDone = true
  }
}
