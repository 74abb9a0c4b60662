import type { TopicPartition } from '../../engine/log/log.ts'
import { backOffMs } from './back-off.ts'
import type { BatchBuilder, EncodableRecord } from './batch-builder.ts'
import type { Cluster } from './cluster.ts'
import type { Compression } from './compression.ts'
import { isKafka, KafkaError, kafkaError, refusal, translated } from './errors.ts'
import { type Identity, OutboxLane, type Receipt } from './outbox-lane.ts'
import { type ProduceResponse, produce } from './produce-request.ts'

export interface OutboxOptions {
  compression?: Compression
  /** `max.message.bytes` of a topic: batches are cut there. */
  batchBytesMax?: (topic: string) => number
  /** `room` waits above this; `add` refuses above twice as much. */
  bufferBytesMax?: number
}

interface Writing {
  transactionalId: string | null
  identity: () => Identity
  /** Before the first batch to a partition leaves (AddPartitionsToTxn). */
  register?: (partitions: readonly TopicPartition[]) => Promise<void>
}

const defaultBatchBytesMax = 1_000_000
const defaultBufferBytesMax = 32 << 20
/** Of one request; brokers take 100 MiB by default. */
const requestBytesMax = 16 << 20
const brokerTimeoutMs = 30_000

/**
 * Collects records into one batch per partition and sends full ones while more come in. One request per broker at a time,
 * one batch per partition in it, so order survives every retry; the broker drops repeats by sequence (KIP-98).
 */
export class Outbox {
  readonly #cluster: Cluster
  readonly #options: OutboxOptions
  readonly #writing: Writing
  readonly #lanes: OutboxLane[] = []
  /** The same by topic, then partition: asked for with every record. */
  readonly #byTopic = new Map<string, OutboxLane[]>()
  readonly #builders: BatchBuilder[] = []
  #registered = new Set<OutboxLane>()
  #isRegistering = false
  readonly #busy = new Set<number>()
  #timer: NodeJS.Timeout | undefined
  #timerAtMs = Number.POSITIVE_INFINITY
  #waiters: PromiseWithResolvers<void>[] = []
  failed: Error | undefined

  constructor(cluster: Cluster, writing: Writing, options: OutboxOptions = {}) {
    this.#cluster = cluster
    this.#writing = writing
    this.#options = options
  }

  get bytes(): number {
    let bytes = 0
    for (const lane of this.#lanes) bytes += lane.bytes
    return bytes
  }

  add(topic: string, partition: number, record: EncodableRecord): Receipt {
    if (this.failed) throw this.failed
    const lane = this.#lane(topic, partition)
    const waiting = lane.queue.length
    const receipt = lane.add(record, this.#writing.identity())
    if (lane.queue.length > waiting) {
      if (this.bytes > 2 * this.#bufferBytesMax) throw kafkaError('BACKLOG', `writing to ${topic}`)
      this.#pumpSoon()
    }
    return receipt
  }

  get #bufferBytesMax(): number {
    return this.#options.bufferBytesMax ?? defaultBufferBytesMax
  }

  get isFull(): boolean {
    return this.bytes > this.#bufferBytesMax
  }

  /** Settles when more may be added. What fills the buffer may be batches that are not full: then they leave as they are. */
  async room(): Promise<void> {
    while (this.isFull && !this.failed) {
      const isMoving = this.#lanes.some(({ queue }) => queue.length > 0)
      if (!isMoving) this.#closeAll()
      await this.#change()
    }
    if (this.failed) throw this.failed
  }

  /** Sends all there is; settles when every batch is written, throws what kept one from it. */
  async flush(): Promise<void> {
    if (this.failed) throw this.failed
    this.#closeAll()
    while (!this.#isEmpty) {
      await this.#change()
      if (this.failed) throw this.failed
    }
  }

  /** Drops what waits, after what is under way was answered: a late batch would begin a transaction nobody ends (KIP-890). */
  async reset(error: Error): Promise<void> {
    this.failed = error
    while (this.#busy.size > 0 || this.#isRegistering) await this.#change()
    for (const lane of this.#lanes) lane.drop(error)
    this.failed = undefined
  }

  /** A new transaction: partitions have to be registered again. */
  begin(): void {
    this.#registered = new Set()
  }

  #closeAll(): void {
    for (const lane of this.#lanes) lane.close(this.#writing.identity())
    this.#pumpSoon()
  }

  get #isEmpty(): boolean {
    return this.#lanes.every(lane => lane.isEmpty)
  }

  #lane(topic: string, partition: number): OutboxLane {
    const known = this.#byTopic.get(topic)?.[partition]
    if (known) return known
    const settings = {
      isTransactional: this.#writing.transactionalId !== null,
      compression: this.#options.compression ?? 'none',
      batchBytesMax: this.#options.batchBytesMax?.(topic) ?? defaultBatchBytesMax,
      builders: this.#builders
    }
    const lane = new OutboxLane({ topic, partition }, settings)
    this.#lanes.push(lane)
    const byPartition = this.#byTopic.get(topic) ?? []
    byPartition[partition] = lane
    this.#byTopic.set(topic, byPartition)
    return lane
  }

  /** The earliest wish counts: a partition that backs off holds up no other. */
  #pumpSoon(waitMs = 0): void {
    const atMs = performance.now() + waitMs
    if (atMs >= this.#timerAtMs) return
    this.#timerAtMs = atMs
    clearTimeout(this.#timer)
    const run = () => {
      if (this.#timerAtMs !== atMs) return
      this.#timerAtMs = Number.POSITIVE_INFINITY
      this.#pump()
    }
    if (waitMs > 0) this.#timer = setTimeout(run, waitMs)
    else setImmediate(run)
  }

  #pump(): void {
    if (this.failed) {
      this.#changed()
      return
    }
    const nowMs = performance.now()
    const ready = this.#lanes.filter(lane => lane.queue.length > 0 && !lane.isAsked)
    const later = ready.filter(lane => lane.notBeforeMs > nowMs)
    if (later.length > 0) this.#pumpSoon(Math.max(1, Math.min(...later.map(lane => lane.notBeforeMs)) - nowMs))
    const due = ready.filter(lane => lane.notBeforeMs <= nowMs)
    const fresh = due.filter(lane => !this.#registered.has(lane))
    if (fresh.length > 0 && !this.#isRegistering) void this.#register(fresh)
    void this.#sendTo(due.filter(lane => this.#registered.has(lane)))
  }

  async #register(lanes: OutboxLane[]): Promise<void> {
    this.#isRegistering = true
    try {
      await this.#writing.register?.(lanes)
      for (const lane of lanes) this.#registered.add(lane)
    } catch (error) {
      this.#fail(translated(error, 'beginning a transaction'))
    } finally {
      this.#isRegistering = false
      this.#pump()
      this.#changed()
    }
  }

  async #sendTo(lanes: OutboxLane[]): Promise<void> {
    const byLeader = new Map<number, OutboxLane[]>()
    for (const lane of lanes) {
      try {
        const known = this.#cluster.topic(lane.topic)
        lane.isAsked = true
        const leader = (known instanceof Promise ? await known : known).partitions[lane.partition]?.leader ?? -1
        lane.isAsked = false
        if (leader < 0) throw kafkaError('LEADER_NOT_AVAILABLE', `writing to ${lane.topic}`)
        byLeader.set(leader, [...(byLeader.get(leader) ?? []), lane])
      } catch (error) {
        lane.isAsked = false
        this.#again(lane, translated(error, `writing to ${lane.topic}`))
      }
    }
    for (const [leader, some] of byLeader) if (!this.#busy.has(leader)) void this.#send(leader, some)
  }

  async #send(leader: number, lanes: OutboxLane[]): Promise<void> {
    const doing = `writing to broker ${leader}`
    const isSendable = (lane: OutboxLane) => lane.queue.length > 0 && !lane.isAsked && this.#registered.has(lane)
    const sent = fitting(lanes.filter(isSendable))
    if (sent.length === 0) return
    this.#busy.add(leader)
    for (const lane of sent) {
      lane.isAsked = true
      lane.queue[0].firstSentMs ||= performance.now()
    }
    try {
      const link = await this.#cluster.nodeLink(leader)
      const names = [...new Set(sent.map(({ topic }) => topic))]
      const response = await link.send(produce, doing, {
        transactionalId: this.#writing.transactionalId,
        timeoutMs: brokerTimeoutMs,
        topics: names.map(name => ({
          name,
          partitions: sent
            .filter(({ topic }) => topic === name)
            .map(({ partition, queue }) => ({ partition, batch: queue[0].bytes }))
        }))
      })
      for (const lane of sent) this.#answered(lane, response)
    } catch (error) {
      for (const lane of sent) this.#again(lane, translated(error, doing))
    } finally {
      for (const lane of sent) lane.isAsked = false
      this.#busy.delete(leader)
      this.#pump()
      this.#changed()
    }
  }

  #answered(lane: OutboxLane, { topics }: ProduceResponse): void {
    const answer = topics
      .find(({ name }) => name === lane.topic)
      ?.partitions.find(({ partition }) => partition === lane.partition)
    const doing = `writing to ${lane.topic}, partition ${lane.partition}`
    if (!answer) {
      this.#again(lane, kafkaError('UNREADABLE', doing))
      return
    }
    if (answer.errorCode === 0) {
      lane.written(answer.baseOffset)
      return
    }
    const error = refusal(answer.errorCode, doing)
    // The first answer was lost and the batch is there: its offset is not known.
    if (isKafka(error, 'DUPLICATE_SEQUENCE_NUMBER')) lane.written(-1)
    else this.#again(lane, error)
  }

  /** The same batch again, with the same sequence; or the end of it. */
  #again(lane: OutboxLane, error: Error): void {
    const batch = lane.queue[0]
    const { retryTimeoutMs, backOff } = this.#cluster.options
    const nowMs = performance.now()
    const since = batch?.firstSentMs || nowMs
    if (batch) batch.firstSentMs ||= nowMs
    const isFinal = !(error instanceof KafkaError) || error.remedy !== 'retry' || error.code !== 'kafka_unavailable'
    const isUnreadable = isKafka(error, 'UNREADABLE', 'CORRUPT_MESSAGE', 'BACKLOG')
    if (!batch || (isFinal && !isUnreadable) || nowMs - since > retryTimeoutMs) {
      this.#fail(error)
      return
    }
    lane.notBeforeMs = nowMs + backOffMs(batch.attempts++, backOff)
    this.#cluster.invalidate()
    this.#pumpSoon(1)
  }

  #fail(error: Error): void {
    this.failed ??= error
    this.#changed()
  }

  #change(): Promise<void> {
    const waiter = Promise.withResolvers<void>()
    this.#waiters.push(waiter)
    return waiter.promise
  }

  #changed(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const { resolve } of waiters) resolve()
  }
}

/** As many first batches as one request takes, at least one. */
function fitting(lanes: OutboxLane[]): OutboxLane[] {
  let bytes = 0
  return lanes.filter((lane, index) => {
    bytes += lane.queue[0].bytes.length
    return index === 0 || bytes <= requestBytesMax
  })
}
