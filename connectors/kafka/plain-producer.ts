import { MillraceError } from '../../engine/errors.ts'
import type { EncodableRecord } from './batch-builder.ts'
import type { Cluster } from './cluster.ts'
import type { CommitOffsets } from './commit-offsets.ts'
import { commitOffsets } from './committed-offsets.ts'
import { kafkaError, translated } from './errors.ts'
import { Outbox, type OutboxOptions } from './outbox.ts'
import type { Identity, Receipt } from './outbox-lane.ts'
import { initProducerId } from './wire.ts'

interface PlainOptions extends OutboxOptions {
  faults?: { hit(point: string): void }
}

/** Where a fault may strike: everything is written by then, and would be written again. */
export const plainFaultPoint = 'plain:before-offsets'

/**
 * At-least-once output: everything is written by all in-sync replicas before the offsets are committed. What was written
 * and not committed is read by everybody and comes again. Each batch is written once all the same (KIP-98), and offsets
 * are refused from who is no member any more.
 */
export class PlainProducer {
  readonly #cluster: Cluster
  readonly #outbox: Outbox
  readonly #faults: PlainOptions['faults']
  #identity: Identity | undefined
  #isDead = false

  constructor(cluster: Cluster, options: PlainOptions = {}) {
    this.#cluster = cluster
    this.#faults = options.faults
    this.#outbox = new Outbox(cluster, { transactionalId: null, identity: () => this.#claimed() }, options)
  }

  get bufferedBytes(): number {
    return this.#outbox.bytes
  }

  async claim(): Promise<void> {
    const doing = 'asking for a producer id'
    this.#identity = await this.#cluster.retrying(doing, async () => {
      const link = await this.#cluster.anyLink()
      const { producerId, producerEpoch } = await link.send(initProducerId, doing, null, 0, -1n, -1)
      return { producerId, producerEpoch }
    })
  }

  add(topic: string, partition: number, record: EncodableRecord): Receipt {
    return this.#outbox.add(topic, partition, record)
  }

  room(): Promise<void> {
    return this.#outbox.room()
  }

  async commit(offsets: CommitOffsets): Promise<void> {
    try {
      await this.#outbox.flush()
      this.#faults?.hit(plainFaultPoint)
      await commitOffsets(this.#cluster, offsets)
    } catch (error) {
      this.#isDead = true
      throw translated(error, `committing offsets of group ${offsets.group}`)
    }
  }

  /** What was sent stays; a new producer id begins new sequences. */
  async abort(): Promise<void> {
    await this.#outbox.reset(kafkaError('TRANSACTION_ABORTABLE', 'writing a unit that was given up'))
    await this.claim()
  }

  async close(): Promise<void> {
    this.#isDead = true
    await this.#outbox.reset(kafkaError('CLOSED', 'writing'))
  }

  #claimed(): Identity {
    if (this.#identity && !this.#isDead) return this.#identity
    throw new MillraceError(
      'kafka_producer_misused',
      'restore',
      'A producer was used before it was claimed or after its end: claim with a new one.'
    )
  }
}
