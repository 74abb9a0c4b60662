import { readFileSync, rmSync } from 'node:fs'
import type { Cluster, ClusterOptions } from '../connectors/kafka/cluster.ts'
import { offsetsOf } from '../connectors/kafka/list-offsets.ts'
import { codeOf, MillraceError, messageOf, stop } from '../engine/errors.ts'
import { RocksStore } from '../engine/stores/rocksdb-store.ts'
import type { Config } from '../schemas/config.ts'
import { orders } from '../schemas/topics.ts'
import { places } from './compose-positions.ts'

/** How to reach the brokers. */
export function kafkaConnection({ kafka }: Config): ClusterOptions {
  const { brokers, client_id, ssl, sasl } = kafka
  return {
    bootstrap: brokers,
    clientId: client_id,
    ...(ssl.enabled && {
      tls: {
        ca: pem('kafka.ssl.ca_file', ssl.ca_file),
        cert: pem('kafka.ssl.cert_file', ssl.cert_file),
        key: pem('kafka.ssl.key_file', ssl.key_file)
      }
    }),
    ...(sasl.mechanism !== 'none' && {
      sasl: { mechanism: sasl.mechanism, username: sasl.username, password: sasl.password }
    })
  }
}

function pem(key: string, path: string): string | undefined {
  if (path === '') return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw stop('bad_config', `The file ${path} that ${key} names cannot be read (${messageOf(error)}).`, error)
  }
}

const startPatienceMs = 60_000
const tryEveryMs = 1_000

/** The first that a process asks of Kafka: it may still be starting. */
export async function whenReachable<T>(
  { kafka }: Config,
  work: () => Promise<T>,
  say: (line: string) => void
): Promise<T> {
  const until = performance.now() + startPatienceMs
  for (let isSaid = false; ; isSaid = true) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof MillraceError) || error.remedy !== 'retry') throw error
      const brokers = kafka.brokers.join(', ')
      if (performance.now() > until) {
        throw stop(
          'kafka_unreachable',
          `Kafka cannot be reached at ${brokers}: check kafka.brokers, and whether it runs.`,
          error
        )
      }
      if (!isSaid) say(`waiting for Kafka at ${brokers}`)
    }
    await new Promise(resolve => setTimeout(resolve, tryEveryMs))
  }
}

/** `kafka.replication_factor` as topics are made with it. */
export function replicationFactorOf({ kafka }: Config): number {
  return kafka.replication_factor || -1
}

/** Whether the topic of orders has ever held a record; not, where there is none. */
export async function areOrdersFed(cluster: Cluster): Promise<boolean> {
  const all = await cluster.retrying('asking for all topics', () => cluster.allTopics())
  const partitions = all.find(({ name }) => name === orders.name)?.partitions.length ?? 0
  const ends = await offsetsOf(cluster, places(orders.name, partitions), 'highWatermark')
  return [...(ends.get(orders.name)?.values() ?? [])].some(end => end > 0)
}

/** As `auto` says, orders once that table is fed: every process that looks at the topic comes to the same answer. */
export async function purchaseSourceOnKafka(
  { purchase_source }: Config,
  cluster: Cluster
): Promise<'orders' | 'events'> {
  if (purchase_source !== 'auto') return purchase_source
  return (await areOrdersFed(cluster)) ? 'orders' : 'events'
}

/**
 * State that is on the log as well. Where it is damaged it is dropped, and read from the log again; a directory in use is
 * refused.
 */
export async function openDerivedStore(
  directory: string,
  { memoryMb, say }: { memoryMb: number; say: (line: string) => void }
): Promise<RocksStore> {
  try {
    return await RocksStore.open(directory, { memoryMb })
  } catch (error) {
    if (codeOf(error) !== 'data_dir_corrupt') throw error
    say(`${directory} is damaged; what was in it is read from Kafka again.`)
    rmSync(directory, { recursive: true, force: true })
    return RocksStore.open(directory, { memoryMb })
  }
}
