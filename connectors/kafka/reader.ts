import type { RecordBatch } from '../../engine/log/log.ts'
import { backOffMs } from './back-off.ts'
import type { Cluster, Lane } from './cluster.ts'
import { isKafka, KafkaError, kafkaError, refusal, translated } from './errors.ts'
import { type FetchPlan, positionsOf } from './fetch-plan.ts'
import { type FetchedPartition, fetchRecords, type Isolation } from './fetch-request.ts'
import { filled } from './filled.ts'
import { isReadable, keyOf, type PartitionState, type Subscription, subscribed } from './subscription.ts'
import type { TopicInfo } from './topology-of-brokers.ts'

export interface ReaderOptions {
  /** `committed` hides aborted and open transactions (KIP-98). Default: committed. */
  isolation?: Isolation
  /** Read ahead of the caller, all partitions together. Exceeded by at most one batch per partition. */
  readAheadBytesMax?: number
  /** Read ahead of one partition. */
  partitionBytesMax?: number
  /** Of one answer. */
  fetchBytesMax?: number
  /** How long a broker may wait for records. */
  maxWaitMs?: number
  /** Connection to each broker; who shares one waits for the others' answers. */
  lane?: Lane
}

const defaults = {
  isolation: 'committed' as Isolation,
  readAheadBytesMax: 16 << 20,
  partitionBytesMax: 2 << 20,
  fetchBytesMax: 4 << 20,
  maxWaitMs: 250,
  lane: 'fetch' as Lane
}

/** What a partition that has nothing may ask for although the budget is used up: no reader waits for another. */
const trickleBytes = 64 * 1024
/** A broker whose partitions are partly full is asked again soon. */
const crowdedWaitMs = 20
/** What lasts longer is no move of leaders. */
const patienceMs = 60_000

/**
 * Reads partitions without a group, ahead of its caller and within a byte budget: one request per broker at a time. What
 * has arrived is handed out synchronously; nothing is skipped in silence.
 */
export class PartitionReader {
  readonly #cluster: Cluster
  readonly #options: typeof defaults
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #busy = new Set<number>()
  #reserved = 0
  #timer: NodeJS.Timeout | undefined
  #timerAtMs = Number.POSITIVE_INFINITY
  #arrival: PromiseWithResolvers<void> | undefined
  #isClosed = false

  constructor(cluster: Cluster, options: ReaderOptions = {}) {
    this.#cluster = cluster
    this.#options = filled(defaults, options)
  }

  /** Begins to read ahead from `offset`; again: moves there. */
  seek(topic: string, partition: number, offset: number): void {
    const key = keyOf(topic, partition)
    this.#subscriptions.set(key, subscribed({ topic, partition }, offset, this.#subscriptions.get(key)))
    this.#pumpSoon()
  }

  remove(topic: string, partition: number): void {
    this.#subscriptions.delete(keyOf(topic, partition))
  }

  pause(topic: string, partition: number): void {
    this.#get(topic, partition).isPaused = true
  }

  resume(topic: string, partition: number): void {
    this.#get(topic, partition).isPaused = false
    this.#pumpSoon()
  }

  state(topic: string, partition: number): Readonly<PartitionState> | undefined {
    return this.#subscriptions.get(keyOf(topic, partition))
  }

  states(): Readonly<Subscription>[] {
    return [...this.#subscriptions.values()]
  }

  /**
   * Records from `state().position` on: at least one and else at most `bytesMax`; a batch without records when only
   * markers and gaps were passed; null when nothing has arrived. Throws what ended the reading of this partition,
   * `offset_out_of_range` above all, until it is sought anew.
   */
  read(topic: string, partition: number, bytesMax: number): RecordBatch | null {
    const subscription = this.#get(topic, partition)
    if (subscription.failed && !subscription.queue.hasArrived) throw subscription.failed
    const before = subscription.queue.bytes
    try {
      const batch = subscription.queue.read(bytesMax)
      if (subscription.queue.bytes < before) this.#pumpSoon()
      return batch
    } catch (error) {
      subscription.failed = translated(error, `reading ${topic}, partition ${partition}`)
      // What lies behind the damage is not read either.
      subscription.queue.seek(subscription.queue.position)
      throw subscription.failed
    }
  }

  /** Settles when something can be read, or has failed. */
  arrived(): Promise<void> {
    const isHere = this.states().some(one => !one.isPaused && isReadable(one))
    if (isHere || this.#isClosed) return Promise.resolve()
    this.#arrival ??= Promise.withResolvers<void>()
    return this.#arrival.promise
  }

  isReadable(topic: string, partition: number): boolean {
    const one = this.#subscriptions.get(keyOf(topic, partition))
    return one !== undefined && isReadable(one)
  }

  /** Arrived and not yet read. */
  get bufferedBytes(): number {
    let bytes = 0
    for (const { queue } of this.#subscriptions.values()) bytes += queue.bytes
    return bytes
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#subscriptions.clear()
    this.#arrive()
  }

  #get(topic: string, partition: number): Subscription {
    const subscription = this.#subscriptions.get(keyOf(topic, partition))
    if (!subscription) throw kafkaError('UNKNOWN_TOPIC_OR_PARTITION', `reading ${topic}, partition ${partition}`)
    return subscription
  }

  /** Many calls in a row make one request. */
  #pumpSoon(): void {
    this.#wakeAt(performance.now())
  }

  #wakeAt(atMs: number): void {
    if (this.#isClosed || atMs >= this.#timerAtMs) return
    clearTimeout(this.#timer)
    this.#timerAtMs = atMs
    const run = () => {
      this.#timerAtMs = Number.POSITIVE_INFINITY
      this.#pump()
    }
    const waitMs = atMs - performance.now()
    if (waitMs <= 0) setImmediate(run)
    else this.#timer = setTimeout(run, waitMs)
  }

  #pump(): void {
    if (this.#isClosed) return
    const byLeader = new Map<number, FetchPlan>()
    const nowMs = performance.now()
    const free = this.#options.readAheadBytesMax - this.bufferedBytes - this.#reserved
    for (const one of this.#subscriptions.values()) {
      if (one.isPaused || one.failed || one.isAsked) continue
      if (one.notBeforeMs > nowMs) {
        this.#wakeAt(one.notBeforeMs)
        continue
      }
      const info = this.#topicOf(one)
      const leader = info?.partitions[one.partition]?.leader ?? -1
      if (!info) continue
      one.topicId ??= info.id
      if (one.topicId !== info.id) {
        this.#fail(one, kafkaError('TOPIC_REPLACED', `reading ${one.topic}, partition ${one.partition}`))
        continue
      }
      if (leader < 0) {
        this.#fail(one, kafkaError('LEADER_NOT_AVAILABLE', `reading ${one.topic}, partition ${one.partition}`))
        continue
      }
      const group: FetchPlan = byLeader.get(leader) ?? { asked: [], isCrowded: false, infos: new Map() }
      byLeader.set(leader, group)
      const hasRoom = one.queue.bytes === 0 || (one.queue.bytes < this.#options.partitionBytesMax && free > 0)
      if (hasRoom) group.asked.push(one)
      else group.isCrowded = true
      group.infos.set(one.topic, info)
    }
    for (const [leader, group] of byLeader) {
      if (group.asked.length > 0 && !this.#busy.has(leader)) void this.#fetch(leader, group)
    }
  }

  #topicOf(one: Subscription): TopicInfo | undefined {
    const info = this.#cluster.topic(one.topic)
    if (!(info instanceof Promise)) return info
    one.isAsked = true
    info
      .catch(error => this.#fail(one, translated(error, `reading ${one.topic}`)))
      .finally(() => {
        one.isAsked = false
        this.#pumpSoon()
      })
    return undefined
  }

  async #fetch(leader: number, group: FetchPlan) {
    const { asked, isCrowded, infos } = group
    const { fetchBytesMax, readAheadBytesMax, partitionBytesMax, maxWaitMs, isolation, lane } = this.#options
    const free = readAheadBytesMax - this.bufferedBytes - this.#reserved
    const bytesMax = Math.min(fetchBytesMax, Math.max(free, trickleBytes))
    this.#busy.add(leader)
    this.#reserved += bytesMax
    for (const one of asked) one.isAsked = true
    try {
      const link = await this.#cluster.nodeLink(leader, lane)
      const response = await link.send(fetchRecords, `fetching from broker ${leader}`, {
        maxWaitMs: isCrowded ? crowdedWaitMs : maxWaitMs,
        bytesMax,
        isolation,
        topics: positionsOf(group, Math.min(partitionBytesMax, bytesMax))
      })
      if (response.errorCode !== 0) throw refusal(response.errorCode, `fetching from broker ${leader}`)
      const names = new Map([...infos.values()].map(({ id, name }) => [id, name]))
      for (const { id, partitions } of response.topics) {
        for (const fetched of partitions) {
          const one = this.#subscriptions.get(keyOf(names.get(id) ?? '', fetched.partition))
          if (one && asked.includes(one)) this.#take(one, fetched)
        }
      }
    } catch (error) {
      const ours = translated(error, `fetching from broker ${leader}`)
      for (const one of asked) this.#fail(one, ours)
    } finally {
      this.#reserved -= bytesMax
      this.#busy.delete(leader)
      for (const one of asked) one.isAsked = false
      this.#pumpSoon()
    }
  }

  #take(one: Subscription, fetched: FetchedPartition): void {
    const { topic, partition, queue } = one
    const doing = `reading ${topic}, partition ${partition}, from offset ${queue.fetchOffset}`
    if (fetched.errorCode !== 0) {
      this.#fail(one, refusal(fetched.errorCode, doing))
      return
    }
    one.highWatermark = fetched.highWatermark
    one.lastStableOffset = fetched.lastStableOffset
    one.logStartOffset = fetched.logStartOffset
    const { bytes, aborted } = fetched
    if (bytes && bytes.length > 0) {
      if (!queue.push({ topic, partition, bytes, fromOffset: queue.fetchOffset, aborted })) {
        this.#fail(one, kafkaError('UNREADABLE', doing))
        return
      }
      // Who had something goes to the end of the line: brokers fill an answer from its front.
      const key = keyOf(topic, partition)
      this.#subscriptions.delete(key)
      this.#subscriptions.set(key, one)
      this.#arrive()
    }
    one.failures = 0
    one.problem = undefined
  }

  /** Tries again later, or ends the reading of this partition; never goes on somewhere else. */
  #fail(one: Subscription, error: Error): void {
    const nowMs = performance.now()
    if (one.failures++ === 0) one.failingSinceMs = nowMs
    one.problem = error
    const isFinal = !(error instanceof KafkaError) || error.remedy !== 'retry' || error.code === 'kafka_closed'
    const isOutOfPatience =
      isKafka(error, 'UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_ID', 'INCONSISTENT_TOPIC_ID', 'UNREADABLE') &&
      nowMs - one.failingSinceMs > patienceMs
    if (isFinal || isOutOfPatience) {
      one.failed = error
      this.#arrive()
      return
    }
    one.notBeforeMs = nowMs + backOffMs(one.failures - 1, this.#cluster.options.backOff)
    this.#cluster.invalidate()
    this.#wakeAt(one.notBeforeMs)
  }

  #arrive(): void {
    this.#arrival?.resolve()
    this.#arrival = undefined
  }
}
