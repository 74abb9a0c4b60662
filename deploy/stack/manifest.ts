/**
 * The servers that Millrace runs on, described once: `millrace stack` starts them from package registries, and
 * docker-compose.yml has them from images (compose.test.ts holds it against this file).
 */

export type ServiceName = 'kafka' | 'registry' | 'redis'

export interface Service {
  readonly name: ServiceName
  /** In a word or two, for people. */
  readonly what: string
  /** Of the image, and of what is fetched where that is ours to choose. */
  readonly version: string
  readonly image: string
  /** By name; the first is the one clients use. */
  readonly ports: Readonly<Record<string, number>>
  readonly health: Health
  readonly readyWithinMs: number
  readonly stopWithinMs: number
  readonly limits: { readonly memoryMb: number; readonly cpus: number }
  /** By the server's own names. Addresses and directories are added where it runs. */
  readonly settings: Readonly<Record<string, string>>
  readonly jvm?: readonly string[]
  /** In the image; null where it keeps what it has in another server. */
  readonly dataDirectory: string | null
}

/** How a server says that it is ready. */
export interface Health {
  readonly kind: 'kafka' | 'http' | 'redis'
  /** Name of the port that is asked. */
  readonly port: string
  readonly path?: string
}

const kafka: Service = {
  name: 'kafka',
  what: 'Apache Kafka, one KRaft node',
  version: '4.3.1',
  image: 'apache/kafka:4.3.1',
  ports: { client: 9092, controller: 9093 },
  health: { kind: 'kafka', port: 'client' },
  readyWithinMs: 120_000,
  stopWithinMs: 30_000,
  limits: { memoryMb: 1024, cpus: 2 },
  jvm: ['-Xms256m', '-Xmx512m'],
  dataDirectory: '/var/lib/kafka/data',
  settings: {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.listener.names': 'CONTROLLER',
    'auto.create.topics.enable': 'false',
    'num.partitions': '4',
    'default.replication.factor': '1',
    'min.insync.replicas': '1',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    // Groups form at once; with the default of 3 s a first start is that much slower.
    'group.initial.rebalance.delay.ms': '0',
    // A worker that stays away holds up its partitions for this long beyond the transaction's timeout (default 10 s).
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': '1000',
    'log.segment.bytes': '67108864',
    'log.cleaner.dedupe.buffer.size': '16777216'
  }
}

const registry: Service = {
  name: 'registry',
  what: 'Apicurio Registry, Confluent-compatible',
  version: '3.3.3',
  image: 'apicurio/apicurio-registry:3.3.3',
  ports: { http: 8081, management: 9081 },
  health: { kind: 'http', port: 'management', path: '/health/ready' },
  readyWithinMs: 180_000,
  stopWithinMs: 15_000,
  limits: { memoryMb: 768, cpus: 1 },
  jvm: ['-Xmx384m'],
  dataDirectory: null,
  settings: {
    // Its access log is a line per request.
    'quarkus.http.access-log.enabled': 'false'
  }
}

const redis: Service = {
  name: 'redis',
  what: 'Redis, features for other programs',
  version: '7.2.5',
  image: 'redis:7.2.5-bookworm',
  ports: { client: 6379 },
  health: { kind: 'redis', port: 'client' },
  readyWithinMs: 20_000,
  stopWithinMs: 10_000,
  limits: { memoryMb: 384, cpus: 1 },
  dataDirectory: '/data',
  settings: {
    // A mirror of what the log holds: nothing to save, and what nobody asks for leaves first.
    save: '',
    appendonly: 'no',
    maxmemory: '256mb',
    'maxmemory-policy': 'allkeys-lru'
  }
}

/** In the order they start. */
export const services: readonly Service[] = [kafka, registry, redis]

/** Path of the Confluent-compatible API. */
export const registryPath = '/apis/ccompat/v7'

/** Maven coordinates. Kafka's own jackson and log4j: Maven's "nearest wins" would mix older ones in. */
export const kafkaJars: readonly string[] = [
  'org.apache.kafka:kafka_2.13:4.3.1',
  'org.apache.kafka:kafka-server:4.3.1',
  'org.apache.kafka:kafka-tools:4.3.1',
  'org.apache.logging.log4j:log4j-slf4j-impl:2.25.4',
  'org.apache.logging.log4j:log4j-core:2.25.4',
  'org.apache.logging.log4j:log4j-1.2-api:2.25.4',
  'com.fasterxml.jackson.dataformat:jackson-dataformat-yaml:2.21.2'
]
export const registryArchive = 'io.apicurio:apicurio-registry-app:3.3.3:tar.gz:all'

export function serviceNamed(name: ServiceName): Service {
  return services.find(service => service.name === name) as Service
}

/** The well-known ports, or all in a row from `base` on. */
export function portsFrom(base: number | undefined): Record<ServiceName, Record<string, number>> {
  let next = base ?? 0
  const portOf = (wellKnown: number) => (base === undefined ? wellKnown : next++)
  const entries = services.map(({ name, ports }) => [
    name,
    Object.fromEntries(Object.entries(ports).map(([port, wellKnown]) => [port, portOf(wellKnown)]))
  ])
  return Object.fromEntries(entries)
}
