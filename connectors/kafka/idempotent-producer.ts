import type { MillraceError } from '../../engine/errors.ts'
import type { EncodableRecord } from './batch-builder.ts'
import type { Cluster } from './cluster.ts'
import { kafkaError, translated } from './errors.ts'
import { Outbox, type OutboxOptions } from './outbox.ts'
import type { Identity, Receipt } from './outbox-lane.ts'
import { initProducerId } from './wire.ts'

export interface AddressedRecord extends EncodableRecord {
  partition: number
}

const bytesBetweenChecks = 1 << 20

/**
 * Appends outside of transactions, each batch once and in order although it may be sent repeatedly (KIP-98). An append
 * that throws may have been written in part: who repeats it writes at least once.
 */
export class IdempotentProducer {
  readonly #cluster: Cluster
  readonly #outbox: Outbox
  #identity: Identity | undefined
  #claiming: Promise<void> | undefined
  #recovering: Promise<void> | undefined

  constructor(cluster: Cluster, options: OutboxOptions = {}) {
    this.#cluster = cluster
    this.#outbox = new Outbox(
      cluster,
      {
        transactionalId: null,
        identity: () => {
          if (!this.#identity) throw kafkaError('UNKNOWN_PRODUCER_ID', 'writing without a producer id')
          return this.#identity
        }
      },
      options
    )
  }

  /** Settles when in-sync replicas have all of it; the last offset per partition, -1 where a repeat was dropped. */
  async append(topic: string, records: readonly AddressedRecord[]): Promise<Map<number, number>> {
    await this.#recovering
    await this.#claim()
    await this.#outbox.room()
    const last = new Map<number, { receipt: Receipt; index: number }>()
    try {
      let bytes = 0
      for (const record of records) {
        bytes += record.value?.length ?? 0
        if (bytes > bytesBetweenChecks) {
          bytes = 0
          await this.#outbox.room()
        }
        const receipt = this.#outbox.add(topic, record.partition, record)
        last.set(record.partition, { receipt, index: receipt.count - 1 })
      }
      await this.#outbox.flush()
      const offsets = new Map<number, number>()
      for (const [partition, { receipt, index }] of last) {
        const base = await receipt.baseOffset
        offsets.set(partition, base < 0 ? -1 : base + index)
      }
      return offsets
    } catch (error) {
      throw await this.#recover(translated(error, `writing to ${topic}`))
    }
  }

  /** A new producer id begins new sequences; whoever else was waiting learns of the failure too. */
  async #recover(error: MillraceError): Promise<MillraceError> {
    if (this.#outbox.failed) {
      this.#recovering ??= this.#outbox.reset(error).finally(() => {
        this.#identity = undefined
        this.#recovering = undefined
      })
      await this.#recovering
    }
    return error
  }

  async #claim(): Promise<void> {
    if (this.#identity) return
    this.#claiming ??= this.#init().finally(() => {
      this.#claiming = undefined
    })
    await this.#claiming
  }

  async #init(): Promise<void> {
    const doing = 'asking for a producer id'
    this.#identity = await this.#cluster.retrying(doing, async () => {
      const link = await this.#cluster.anyLink()
      const { producerId, producerEpoch } = await link.send(initProducerId, doing, null, 0, -1n, -1)
      return { producerId, producerEpoch }
    })
  }
}
