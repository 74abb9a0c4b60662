import { MillraceError } from '../../engine/errors.ts'
import type { TopicPartition } from '../../engine/log/log.ts'
import type { EncodableRecord } from './batch-builder.ts'
import type { Cluster } from './cluster.ts'
import type { CommitOffsets } from './commit-offsets.ts'
import { isKafka, KafkaError, kafkaError, translated } from './errors.ts'
import { Outbox, type OutboxOptions } from './outbox.ts'
import type { Identity, Receipt } from './outbox-lane.ts'
import { addOffsetsToTxn, addPartitionsToTxn, endTxn, initProducerId, txnOffsetCommit } from './wire.ts'

export interface TransactionalOptions extends OutboxOptions {
  /** Stable over restarts: a new claim aborts what the old owner left open. */
  transactionalId: string
  /** The broker aborts a transaction that takes longer. */
  timeoutMs?: number
  faults?: { hit(point: string): void }
}

/** Where a fault may strike: between each two of these the log holds the whole transaction or nothing of it. */
export const transactionFaultPoints = [
  'transaction:before-flush',
  'transaction:before-offsets',
  'transaction:before-end',
  'transaction:end-sent',
  'transaction:end-answered'
] as const

type State = 'unclaimed' | 'idle' | 'open' | 'dead'

const nobody = { memberId: '', generation: -1, instanceId: null }

/**
 * Exactly-once output (KIP-98): outputs and consumed offsets become visible as one. A failed step leaves only `abort`;
 * a commit that failed, or whose answer is lost, leaves a dead producer: claim with a new one, read the committed
 * offsets, go on from there. One caller at a time.
 */
export class TransactionalProducer {
  readonly #cluster: Cluster
  readonly #options: TransactionalOptions
  readonly #outbox: Outbox
  readonly #groups = new Set<string>()
  #identity: Identity | undefined
  #state: State = 'unclaimed'
  #isRegistered = false
  #failure: Error | undefined

  constructor(cluster: Cluster, options: TransactionalOptions) {
    this.#cluster = cluster
    this.#options = options
    this.#outbox = new Outbox(
      cluster,
      {
        transactionalId: options.transactionalId,
        identity: () => this.#claimed(),
        register: partitions => this.#register(partitions)
      },
      options
    )
  }

  get state(): State {
    return this.#state
  }

  /** Outputs not yet written. */
  get bufferedBytes(): number {
    return this.#outbox.bytes
  }

  /**
   * Fences every older owner of the transactional id and ends what it left open: InitProducerId with producer id and
   * epoch -1 (KIP-98). Read committed offsets after this, never before.
   */
  async claim(): Promise<void> {
    if (this.#state !== 'unclaimed') throw this.#misuse('claimed again')
    this.#identity = await this.#init({ producerId: -1n, producerEpoch: -1 })
    this.#state = 'idle'
  }

  /** Opens a transaction with the first record. Full batches leave at once; await `room` between slices of work. */
  add(topic: string, partition: number, record: EncodableRecord): Receipt {
    this.#open()
    try {
      return this.#outbox.add(topic, partition, record)
    } catch (error) {
      this.#failure = translated(error, `writing to ${topic}`)
      throw this.#failure
    }
  }

  /** Await `room` before adding more. */
  get isFull(): boolean {
    return this.#outbox.isFull
  }

  room(): Promise<void> {
    return this.#outbox.room()
  }

  /** Sends what was added so far; nothing of it is visible before `commit`. */
  async sent(): Promise<void> {
    await this.#step(() => this.#outbox.flush())
  }

  /** Adds offsets to the transaction ahead of `commit`. */
  async sendOffsets(offsets: CommitOffsets): Promise<void> {
    this.#open()
    await this.#step(() => this.#addOffsets(offsets))
  }

  /** Makes outputs and offsets visible as one. Throws `kafka_commit_unknown` when nobody can say whether it did. */
  async commit(offsets?: CommitOffsets): Promise<void> {
    const { faults } = this.#options
    if (offsets) this.#open()
    if (this.#state === 'idle') return
    if (this.#state !== 'open' || this.#failure) throw this.#failure ?? this.#misuse('used after its end')
    await this.#step(async () => {
      faults?.hit(transactionFaultPoints[0])
      const outputs = this.#outbox.flush()
      outputs.catch(() => undefined)
      faults?.hit(transactionFaultPoints[1])
      if (offsets) await this.#addOffsets(offsets)
      await outputs
      faults?.hit(transactionFaultPoints[2])
    })
    if (this.#isRegistered || this.#groups.size > 0) await this.#commitForGood()
    this.#ended()
  }

  /** Leaves nothing visible. After it the producer works on, with a new epoch if a step had failed (KIP-360). */
  async abort(): Promise<void> {
    if (this.#state === 'idle' || this.#state === 'unclaimed') return
    if (this.#state === 'dead') throw this.#misuse('used after its end')
    try {
      await this.#outbox.reset(kafkaError('TRANSACTION_ABORTABLE', 'writing a transaction that was aborted'))
      if (this.#isRegistered || this.#groups.size > 0) await this.#end(false)
      this.#identity = await this.#init(this.#claimed())
    } catch (error) {
      this.#state = 'dead'
      throw translated(error, 'aborting a transaction')
    }
    this.#ended()
  }

  /** Ends the transaction that is open, if the producer still lives; the id stays ours. */
  async close(): Promise<void> {
    if (this.#state === 'open') await this.abort()
    this.#state = 'dead'
  }

  #open(): void {
    if (this.#failure) throw this.#failure
    if (this.#state === 'idle') {
      this.#state = 'open'
      this.#outbox.begin()
    }
    if (this.#state !== 'open') throw this.#misuse(`used while ${this.#state}`)
  }

  /** A step that fails leaves only `abort`. */
  async #step(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#failure = translated(error, 'writing a transaction')
      throw this.#failure
    }
  }

  #ended(): void {
    this.#state = 'idle'
    this.#isRegistered = false
    this.#groups.clear()
    this.#failure = undefined
  }

  #claimed(): Identity {
    if (!this.#identity) throw this.#misuse('used before it was claimed')
    return this.#identity
  }

  #misuse(how: string): MillraceError {
    return new MillraceError(
      'kafka_producer_misused',
      'restore',
      `The producer of ${this.#options.transactionalId} was ${how}: claim with a new one.`,
      { cause: this.#failure }
    )
  }

  #coordinator() {
    return this.#cluster.coordinatorLink('transaction', this.#options.transactionalId)
  }

  #init({ producerId, producerEpoch }: Identity): Promise<Identity> {
    const { transactionalId, timeoutMs = 60_000 } = this.#options
    const doing = `claiming the transactional id ${transactionalId}`
    return this.#cluster.retrying(doing, async () => {
      const link = await this.#coordinator()
      const answer = await link.send(initProducerId, doing, transactionalId, timeoutMs, producerId, producerEpoch)
      return { producerId: answer.producerId, producerEpoch: answer.producerEpoch }
    })
  }

  async #register(partitions: readonly TopicPartition[]): Promise<void> {
    const { transactionalId } = this.#options
    const doing = `adding partitions to a transaction of ${transactionalId}`
    const names = [...new Set(partitions.map(({ topic }) => topic))]
    const topics = names.map(name => ({
      name,
      partitions: partitions.filter(({ topic }) => topic === name).map(({ partition }) => partition)
    }))
    this.#isRegistered = true
    await this.#cluster.retrying(doing, async () => {
      const link = await this.#coordinator()
      const transaction = { transactionalId, ...this.#claimed(), verifyOnly: false, topics }
      await link.send(addPartitionsToTxn, doing, [transaction])
    })
  }

  async #addOffsets({ group, member = nobody, positions }: CommitOffsets): Promise<void> {
    const { transactionalId } = this.#options
    const doing = `committing offsets of group ${group}`
    const { producerId, producerEpoch } = this.#claimed()
    if (!this.#groups.has(group)) {
      this.#groups.add(group)
      await this.#cluster.retrying(doing, async () => {
        const link = await this.#coordinator()
        await link.send(addOffsetsToTxn, doing, transactionalId, producerId, producerEpoch, group)
      })
    }
    const topics = [...positions].map(([name, byPartition]) => ({
      name,
      partitions: [...byPartition].map(([partitionIndex, { offset, metadata }]) => ({
        partitionIndex,
        committedOffset: BigInt(offset),
        committedLeaderEpoch: -1,
        committedMetadata: metadata ?? ''
      }))
    }))
    const { memberId, generation, instanceId } = member
    await this.#cluster.retrying(doing, async () => {
      const link = await this.#cluster.coordinatorLink('group', group)
      const identity = [transactionalId, group, producerId, producerEpoch] as const
      try {
        await link.send(txnOffsetCommit, doing, ...identity, generation, memberId, instanceId, topics)
      } catch (error) {
        // It may be this worker itself, joined anew: if it is another process, the group says so.
        throw isKafka(error, 'FENCED_INSTANCE_ID') ? kafkaError('ILLEGAL_GENERATION', doing, error) : error
      }
    })
  }

  async #commitForGood(): Promise<void> {
    let isUnanswered = false
    try {
      await this.#end(true, () => {
        isUnanswered = true
      })
    } catch (error) {
      this.#state = 'dead'
      const ours = translated(error, 'ending a transaction')
      if (!isUnanswered || (ours instanceof KafkaError && isKafka(ours, 'INVALID_CONFIG'))) throw ours
      throw new MillraceError(
        'kafka_commit_unknown',
        'restore',
        `Nobody answered whether the transaction of ${this.#options.transactionalId} was committed: it is claimed anew and goes on from the committed offsets.`,
        { cause: ours }
      )
    }
  }

  /** EndTxn may be repeated: the coordinator answers the same again while it is ending or has ended it so. */
  async #end(isCommit: boolean, unanswered?: () => void): Promise<void> {
    const { transactionalId, faults } = this.#options
    const doing = `${isCommit ? 'committing' : 'aborting'} a transaction of ${transactionalId}`
    const { producerId, producerEpoch } = this.#claimed()
    await this.#cluster.retrying(doing, async () => {
      const link = await this.#coordinator()
      const answer = link.send(endTxn, doing, transactionalId, producerId, producerEpoch, isCommit)
      answer.catch(() => undefined)
      try {
        if (isCommit) faults?.hit(transactionFaultPoints[3])
        await answer
        if (isCommit) faults?.hit(transactionFaultPoints[4])
      } catch (error) {
        const isAnswer = error instanceof KafkaError && !isKafka(error, 'NETWORK', 'TIMEOUT', 'UNREADABLE', 'CLOSED')
        if (!isAnswer) unanswered?.()
        // Nothing had been registered: there is nothing to abort.
        if (!isCommit && isKafka(error, 'INVALID_TXN_STATE')) return
        throw error
      }
    })
  }
}
