import type { NewRecord } from '../log/log.ts'
import { partitionOf } from '../log/partition-of.ts'
import type { Receipt, UnitProducer } from '../ports/cluster.ts'
import type { OutputSink } from '../task/outputs.ts'

interface Place {
  receipt: Receipt
  index: number
}

const nothing = { topic: '', byPartition: [] }

/** Outputs go to the transaction as they are emitted; full batches leave while the unit still runs. */
export class UnitOutputs implements OutputSink {
  #producer: UnitProducer
  /** Of the transaction so far. */
  bytes = 0
  /** The last record per partition of the topics that are asked about. */
  #places = new Map<string, Place[]>()
  /** Of the topic that was added to last: mostly the next record is for it too. */
  #last: { topic: string; byPartition: Place[] } = nothing

  constructor(producer: UnitProducer) {
    this.#producer = producer
  }

  /** Another one, after the last one died. */
  use(producer: UnitProducer): void {
    this.#producer = producer
    this.clear()
  }

  add({ log, partitions }: { log: string; partitions: number }, record: NewRecord): void {
    this.addTo(log, partitionOf(record.key, partitions), record)
  }

  addTo(topic: string, partition: number, record: NewRecord): void {
    const receipt = this.#producer.add(topic, partition, record)
    this.bytes += (record.value?.length ?? 0) + (record.key?.length ?? 0)
    const byPartition = topic === this.#last.topic ? this.#last.byPartition : this.#placesIn(topic)
    const place = byPartition[partition]
    if (place?.receipt === receipt) place.index = receipt.count - 1
    else byPartition[partition] = { receipt, index: receipt.count - 1 }
  }

  /** Behind the unit's last record in a partition; undefined where it wrote none. To be asked after the commit. */
  async endIn(topic: string, partition: number): Promise<number | undefined> {
    const place = this.#places.get(topic)?.[partition]
    if (!place) return undefined
    const base = await place.receipt.baseOffset
    return base < 0 ? undefined : base + place.index + 1
  }

  clear(): void {
    this.bytes = 0
    this.#places.clear()
    this.#last = nothing
  }

  #placesIn(topic: string): Place[] {
    const byPartition = this.#places.get(topic) ?? []
    this.#places.set(topic, byPartition)
    this.#last = { topic, byPartition }
    return byPartition
  }
}
