import { isIP } from 'node:net'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { MillraceError } from '../../engine/errors.ts'
import { type BackOffOptions, backOffMs, pause } from './back-off.ts'
import { type CoordinatorKind, Coordinators } from './coordinators.ts'
import { isKafka, kafkaError, translated } from './errors.ts'
import { filled } from './filled.ts'
import { type Address, Dialer, type Link } from './link.ts'
import { type TopicInfo, Topology } from './topology-of-brokers.ts'

export interface SaslOptions {
  mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
  username: string
  password: string
}

export interface ClusterOptions {
  /** `host:port`, at least one; the others are learnt. */
  bootstrap: readonly string[]
  clientId?: string
  /** As of `node:tls`; `{}` for TLS with the system's authorities. */
  tls?: TlsOptions
  sasl?: SaslOptions
  connectTimeoutMs?: number
  requestTimeoutMs?: number
  /** Metadata older than this is asked for again. */
  metadataMaxAgeMs?: number
  /** How long an operation is tried again before its error is handed out. */
  retryTimeoutMs?: number
  backOff?: BackOffOptions
}

/**
 * Requests that may wait long at the broker get a connection of their own, because a broker answers one connection in
 * order: `fetch` waits for records, each of its users has one; `join` waits for the other members.
 */
export type Lane = 'main' | 'fetch' | `fetch ${string}` | 'join' | 'heartbeat'

const defaults = {
  clientId: 'millrace',
  connectTimeoutMs: 5_000,
  requestTimeoutMs: 30_000,
  metadataMaxAgeMs: 300_000,
  retryTimeoutMs: 60_000,
  backOff: { initialMs: 50, maxMs: 1_000 }
}

/** How much longer than others a request of this lane may take: the longest rebalance that is waited for. */
const joinTimeoutMs = 360_000

/** Errors after which leaders and coordinators are where they were. */
const standing = [
  'CONCURRENT_TRANSACTIONS',
  'UNSTABLE_OFFSET_COMMIT',
  'REBALANCE_IN_PROGRESS',
  'MEMBER_ID_REQUIRED',
  'BACKLOG'
]

export class Cluster {
  readonly options: typeof defaults & ClusterOptions
  readonly #dialers = new Map<string, Dialer>()
  readonly #closing = new AbortController()
  readonly #topology: Topology
  readonly #coordinators: Coordinators

  constructor(options: ClusterOptions) {
    this.options = filled(defaults, options)
    if (options.bootstrap.length === 0) throw kafkaError('INVALID_CONFIG', 'reading `kafka.brokers`, which is empty')
    const bootstrap = options.bootstrap.map(parseAddress)
    this.#topology = new Topology({
      bootstrap,
      maxAgeMs: this.options.metadataMaxAgeMs,
      link: address => this.#linkTo(address, 'main')
    })
    this.#coordinators = new Coordinators(() => this.anyLink())
  }

  get signal(): AbortSignal {
    return this.#closing.signal
  }

  /** Metadata of a topic; throws UNKNOWN_TOPIC_OR_PARTITION (remedy retry) while the cluster does not know it. */
  topic(name: string): Promise<TopicInfo> | TopicInfo {
    return this.#topology.topic(name)
  }

  /** Asks for all topics whatever is cached. */
  allTopics(): Promise<TopicInfo[]> {
    return this.#topology.all()
  }

  brokerAddress(nodeId: number): Address | undefined {
    return this.#topology.broker(nodeId)
  }

  async anyLink(): Promise<Link> {
    return this.#topology.anyLink()
  }

  async controllerLink(): Promise<Link> {
    const address = this.#topology.controller()
    return address ? this.#linkTo(address, 'main') : this.anyLink()
  }

  async nodeLink(nodeId: number, lane: Lane = 'main'): Promise<Link> {
    const address = this.#topology.broker(nodeId)
    if (!address) {
      this.#topology.invalidate()
      throw kafkaError('LEADER_NOT_AVAILABLE', `looking for broker ${nodeId}`)
    }
    return this.#linkTo(address, lane)
  }

  coordinator(kind: CoordinatorKind, key: string): Promise<Address> {
    return this.#coordinators.find(kind, key)
  }

  async coordinatorLink(kind: CoordinatorKind, key: string, lane: Lane = 'main'): Promise<Link> {
    return this.#linkTo(await this.#coordinators.find(kind, key), lane)
  }

  /** What was learnt may be wrong: the next look-up asks the cluster. */
  invalidate(): void {
    this.#topology.invalidate()
    this.#coordinators.clear()
  }

  /**
   * Runs `work` until it succeeds, an error's remedy is not `retry`, or the time is up. Between tries leaders and
   * coordinators are looked up anew.
   */
  async retrying<T>(doing: string, work: () => Promise<T>, options: { timeoutMs?: number } = {}): Promise<T> {
    const until = performance.now() + (options.timeoutMs ?? this.options.retryTimeoutMs)
    for (let attempt = 0; ; attempt++) {
      if (this.signal.aborted) throw kafkaError('CLOSED', doing)
      try {
        return await work()
      } catch (error) {
        const ours = translated(error, doing)
        const waitMs = this.#waitMs(ours, attempt)
        if (ours.remedy !== 'retry' || isFinal(ours) || performance.now() + waitMs > until) throw ours
        if (!isKafka(ours, ...standing)) this.invalidate()
        await pause(waitMs, this.signal, doing)
      }
    }
  }

  /** The end of a transaction is near: those who wait for it ask more often. */
  #waitMs(error: MillraceError, attempt: number): number {
    const isShort = isKafka(error, 'CONCURRENT_TRANSACTIONS', 'UNSTABLE_OFFSET_COMMIT')
    return backOffMs(attempt, isShort ? { ...this.options.backOff, initialMs: 5, maxMs: 100 } : this.options.backOff)
  }

  /** Ends all connections; whoever still waits gets `kafka_closed` or a network error. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all([...this.#dialers.values()].map(dialer => dialer.close()))
    this.#dialers.clear()
  }

  async #linkTo(address: Address, lane: Lane): Promise<Link> {
    if (this.signal.aborted) throw kafkaError('CLOSED', 'connecting')
    const key = `${address.host}:${address.port} ${lane}`
    let dialer = this.#dialers.get(key)
    if (!dialer) {
      dialer = new Dialer(address, this.#linkOptions(address, lane))
      this.#dialers.set(key, dialer)
    }
    return dialer.link()
  }

  #linkOptions({ host }: Address, lane: Lane) {
    const { clientId, connectTimeoutMs, requestTimeoutMs, tls, sasl, backOff } = this.options
    return {
      clientId,
      backOff,
      signal: this.signal,
      connection: {
        connectTimeout: connectTimeoutMs,
        requestTimeout: lane === 'join' ? joinTimeoutMs : requestTimeoutMs,
        maxInflights: lane === 'main' ? 5 : 1,
        tls,
        // Names only: RFC 6066 knows no addresses.
        tlsServerName: tls && !tls.servername && isIP(host) === 0 ? true : undefined,
        sasl
      }
    }
  }
}

function parseAddress(text: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text.trim())
  if (!match) throw kafkaError('INVALID_CONFIG', `reading the broker address "${text}", which is not host:port`)
  return { host: match[1] ?? match[2], port: Number(match[3]) }
}

/** Whoever runs a group or closes the client decides what comes next, not a loop. */
function isFinal({ code }: MillraceError): boolean {
  return code === 'kafka_closed' || code === 'kafka_rebalance'
}
