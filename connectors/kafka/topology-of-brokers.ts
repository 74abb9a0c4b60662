import type { metadataV12 } from '@platformatic/kafka'
import { isKafka, KafkaError, kafkaError, refusal, responseOf } from './errors.ts'
import type { Address, Link } from './link.ts'
import { metadata } from './wire.ts'

type MetadataResponse = metadataV12.MetadataResponse

export interface PartitionInfo {
  /** -1 while there is none. */
  leader: number
  /** KIP-320: sent along, so that a broker that lags behind refuses instead of answering. */
  leaderEpoch: number
  /** Replicas in sync. */
  isr: number
}

export interface TopicInfo {
  name: string
  /** KIP-516: a topic that was deleted and made again has another. */
  id: string
  isInternal: boolean
  partitions: readonly PartitionInfo[]
}

interface Options {
  bootstrap: readonly Address[]
  maxAgeMs: number
  link: (address: Address) => Promise<Link>
}

/** Topics asked for together at most; more wait for the next request. */
const topicsMax = 10_000

/** Brokers, and the leaders of the topics somebody asked about. */
export class Topology {
  readonly #options: Options
  #brokers = new Map<number, Address>()
  #controllerId = -1
  #topics = new Map<string, TopicInfo>()
  #wanted = new Set<string>()
  #freshUntilMs = 0
  #asking: Promise<void> | undefined

  constructor(options: Options) {
    this.#options = options
  }

  topic(name: string): TopicInfo | Promise<TopicInfo> {
    const known = this.#topics.get(name)
    return known && performance.now() < this.#freshUntilMs ? known : this.#ask(name)
  }

  async all(): Promise<TopicInfo[]> {
    this.#learn(await this.#request(null))
    return [...this.#topics.values()]
  }

  broker(nodeId: number): Address | undefined {
    return this.#brokers.get(nodeId)
  }

  controller(): Address | undefined {
    return this.#brokers.get(this.#controllerId)
  }

  invalidate(): void {
    this.#freshUntilMs = 0
  }

  /** Any broker that answers; known ones first, then the bootstrap list again (KIP-1102). */
  async anyLink(): Promise<Link> {
    const known = [...this.#brokers.values()]
    const start = Math.floor(Math.random() * known.length)
    const candidates = [...known.slice(start), ...known.slice(0, start), ...this.#options.bootstrap]
    let last: unknown
    for (const address of candidates) {
      try {
        return await this.#options.link(address)
      } catch (error) {
        if (error instanceof KafkaError && error.remedy !== 'retry') throw error
        last = error
      }
    }
    throw last
  }

  async #ask(name: string): Promise<TopicInfo> {
    this.#wanted.add(name)
    // A question that is under way may not include this topic: then it is asked again.
    do {
      this.#asking ??= this.#refresh().finally(() => {
        this.#asking = undefined
      })
      await this.#asking
    } while (this.#wanted.has(name) && !this.#topics.has(name))
    const found = this.#topics.get(name)
    if (!found) throw kafkaError('UNKNOWN_TOPIC_OR_PARTITION', `asking for topic ${name}`)
    return found
  }

  async #refresh(): Promise<void> {
    const names = [...new Set([...this.#wanted, ...this.#topics.keys()])].slice(0, topicsMax)
    const response = await this.#request(names)
    for (const name of names) this.#wanted.delete(name)
    this.#learn(response)
    this.#freshUntilMs = performance.now() + this.#options.maxAgeMs
  }

  async #request(names: string[] | null): Promise<MetadataResponse> {
    const doing = 'asking for metadata'
    const link = await this.anyLink()
    try {
      return await link.send(metadata, doing, names, false, false)
    } catch (error) {
      // One topic without a leader does not spoil what is said about the others.
      const partial = responseOf<MetadataResponse>((error as Error).cause)
      if (!partial?.brokers || isKafka(error, 'NETWORK')) throw error
      return partial
    }
  }

  #learn({ brokers, controllerId, topics }: MetadataResponse): void {
    this.#brokers = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]))
    this.#controllerId = controllerId
    for (const { name, errorCode, topicId: id, isInternal, partitions } of topics) {
      if (!name) continue
      if (errorCode !== 0 && refusal(errorCode, `asking for topic ${name}`).remedy !== 'retry') {
        throw refusal(errorCode, `asking for topic ${name}`)
      }
      if (errorCode !== 0) {
        this.#topics.delete(name)
        continue
      }
      const before: TopicInfo | undefined = this.#topics.get(name)
      const inOrder = [...partitions].sort((a, b) => a.partitionIndex - b.partitionIndex)
      this.#topics.set(name, {
        name,
        id,
        isInternal,
        partitions: inOrder.map(({ leaderId, leaderEpoch, isrNodes }, index): PartitionInfo => {
          const old = before && before.id === id ? before.partitions[index] : undefined
          return old && old.leaderEpoch > leaderEpoch ? old : { leader: leaderId, leaderEpoch, isr: isrNodes.length }
        })
      })
    }
  }
}
