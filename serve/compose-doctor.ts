import { Admin } from '../connectors/kafka/admin.ts'
import { Cluster } from '../connectors/kafka/cluster.ts'
import { rightsOnGroup, rightsOnTopics } from '../connectors/kafka/rights.ts'
import { misfit, specOf } from '../connectors/kafka/topic-fit.ts'
import { isRefusal, RedisConnection } from '../connectors/redis/redis-connection.ts'
import { messageOf } from '../engine/errors.ts'
import type { TopicSpec } from '../engine/log/log.ts'
import type { Config } from '../schemas/config.ts'
import { durationMs } from '../schemas/config-kinds.ts'
import { interactions } from '../schemas/topics.ts'
import type { Finding } from './cli/finding.ts'
import { kafkaConnection } from './compose-kafka.ts'
import { topicsOnKafka } from './compose-kafka-topologies.ts'
import { composeRegistry } from './compose-registry.ts'
import { shortRetentions, spanOf } from './kafka/short-retention.ts'

/** As long as a person waits. */
const patience = { retryTimeoutMs: 5_000, connectTimeoutMs: 3_000, requestTimeoutMs: 5_000 }

/** What processes on Kafka need of the servers, and whether they have it. */
export async function* kafkaFindings(config: Config): AsyncGenerator<Finding> {
  // Asked at the same time: who waits for one that is away has waited for all.
  const others = [
    ...(config.registry.url === '' ? [] : [registry(config)]),
    ...(config.redis.url === '' ? [] : [redis(config)])
  ]
  yield* brokers(config)
  yield* await Promise.all(others)
}

async function* brokers(config: Config): AsyncGenerator<Finding> {
  const at = config.kafka.brokers.join(', ')
  let cluster: Cluster | undefined
  try {
    cluster = new Cluster({ ...kafkaConnection(config), ...patience })
    const there = await cluster.retrying('asking for all topics', () => (cluster as Cluster).allTopics())
    yield { check: 'kafka', status: 'ok', detail: `${at}: ${there.length} topics can be seen` }
    yield* await rightsAndTopics(config, cluster)
  } catch (error) {
    const remedy = 'Check kafka.brokers, kafka.ssl and kafka.sasl, and whether the brokers run.'
    yield { check: 'kafka', status: 'fail', detail: `${at}: ${messageOf(error)}`, remedy }
  } finally {
    await cluster?.close()
  }
}

async function rightsAndTopics(config: Config, cluster: Cluster): Promise<Finding[]> {
  const declared = topicsOnKafka(config)
  const rights = await rightsOnTopics(
    cluster,
    declared.map(({ name }) => name)
  )
  const lacking = [...rights].flatMap(([name, has]) => lackingOf(`topic ${name}`, neededOn(name, config), has))
  const { namespace } = config
  lacking.push(...lackingOf(`group ${namespace}`, ['Describe', 'Read'], await rightsOnGroup(cluster, namespace)))
  const readable = declared.filter(({ name }) => rights.get(name)?.has('DescribeConfigs'))
  const newTopics = declared.filter(({ name }) => !rights.has(name)).length
  return [rightsFinding(lacking), ...(await topics(config, cluster, { readable, newTopics }))]
}

function neededOn(topic: string, { namespace }: Config): string[] {
  const all = ['Describe', 'DescribeConfigs', 'Read', 'Write']
  return topic.startsWith(`${namespace}.`) ? [...all, 'Delete'] : all
}

function lackingOf(what: string, needed: readonly string[], has: ReadonlySet<string>): string[] {
  const lacking = needed.filter(operation => !has.has(operation))
  return lacking.length === 0 ? [] : [`${lacking.join(', ')} on ${what}`]
}

const shownMax = 5

function rightsFinding(lacking: readonly string[]): Finding {
  if (lacking.length === 0)
    return { check: 'rights', status: 'ok', detail: 'on topics that are there, and on the group' }
  const more = lacking.length > shownMax ? `; and ${lacking.length - shownMax} more` : ''
  const detail = `missing: ${lacking.slice(0, shownMax).join('; ')}${more}`
  return { check: 'rights', status: 'fail', detail, remedy: 'Grant what millrace doctor --acls prints.' }
}

async function topics(
  config: Config,
  cluster: Cluster,
  { readable, newTopics }: { readable: readonly TopicSpec[]; newTopics: number }
): Promise<Finding[]> {
  const names = readable.map(({ name }) => name)
  const configs = await new Admin(cluster).topicConfigs(names)
  const existing = new Map<string, TopicSpec>()
  const found: Finding[] = []
  for (const spec of readable) {
    const { partitions } = await cluster.topic(spec.name)
    const settings = { partitions: partitions.length, configs: configs.get(spec.name) ?? new Map<string, string>() }
    const error = misfit(spec, settings)
    if (error) found.push({ check: `topic ${spec.name}`, status: 'fail', detail: messageOf(error) })
    existing.set(spec.name, specOf(spec.name, settings))
  }
  for (const one of shortRetentions(readable, [...existing.values()])) found.push(keepsLess(one, config))
  const fits = `${names.length - found.filter(({ status }) => status === 'fail').length} are there and fit`
  return [{ check: 'topics', status: 'ok', detail: `${fits}, ${newTopics} are made with the first start` }, ...found]
}

function keepsLess({ topic, keptMs }: { topic: string; keptMs: number }, { events }: Config): Finding {
  const detail = `keeps records for ${spanOf(keptMs)}, by their own time; older ones may be gone before they are processed`
  const isTooOld = topic === interactions.name && keptMs < durationMs(events.max_age)
  const remedy = isTooOld
    ? `Lower events.max_age (${events.max_age}) to what the topic keeps, and load no older history.`
    : 'Load no older history: it is refused.'
  return { check: `topic ${topic}`, status: 'warn', detail, remedy }
}

async function registry(config: Config): Promise<Finding> {
  const check = 'registry'
  try {
    const verdicts = await (await composeRegistry(config)).check()
    const bad = verdicts.filter(({ verdict }) => verdict === 'incompatible')
    if (bad.length === 0) {
      return {
        check,
        status: 'ok',
        detail: `${config.registry.url}: ${verdicts.length} subjects, all of which can be read`
      }
    }
    const detail = bad.map(({ subject, detail: why }) => `${subject}: ${why}`).join('; ')
    return { check, status: 'fail', detail, remedy: 'See millrace schema check --registry.' }
  } catch (error) {
    const remedy = 'A process starts without it only where it has started here before; start the registry.'
    return { check, status: 'fail', detail: messageOf(error), remedy }
  }
}

async function redis({ redis: { url } }: Config): Promise<Finding> {
  const check = 'redis'
  const connection = new RedisConnection(url)
  try {
    await connection.reached()
    return { check, status: 'ok', detail: 'it answers' }
  } catch (error) {
    const remedy = 'The mirror waits until it is back; answers do not depend on it.'
    if (!isRefusal(error)) return { check, status: 'warn', detail: messageOf(error), remedy }
    return { check, status: 'fail', detail: messageOf(error) }
  } finally {
    connection.close()
  }
}
