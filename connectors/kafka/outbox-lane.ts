import type { TopicPartition } from '../../engine/log/log.ts'
import { BatchBuilder, type EncodableRecord, loneBatchBytes, usualBytesMax } from './batch-builder.ts'
import type { Compression } from './compression.ts'
import { kafkaError } from './errors.ts'

/** The promise of one batch: its base offset once it is written. */
export class Receipt {
  readonly #written = Promise.withResolvers<number>()
  /** Records added so far. */
  count = 0

  constructor() {
    // Whoever does not ask is told of failures by `flush`.
    this.#written.promise.catch(() => undefined)
  }

  get baseOffset(): Promise<number> {
    return this.#written.promise
  }

  written(baseOffset: number): void {
    this.#written.resolve(baseOffset)
  }

  failed(error: Error): void {
    this.#written.reject(error)
  }
}

export interface FinishedBatch {
  bytes: Buffer
  count: number
  builder: BatchBuilder
  receipt: Receipt
  attempts: number
  /** 0 until it was sent first. */
  firstSentMs: number
}

export interface Identity {
  producerId: bigint
  producerEpoch: number
}

interface LaneOptions {
  isTransactional: boolean
  compression: Compression
  batchBytesMax: number
  builders: BatchBuilder[]
}

const sequences = 2 ** 31
/**
 * A batch ends here, whatever its topic would take: it leaves while the next one is written, and its buffer, which doubles as it
 * grows, stays at 1 MiB and is used again. Buffers of many sizes come and go through the heap of malloc, which keeps them.
 */
const batchBytesWanted = usualBytesMax - 64 * 1024
/** Kept for the next batches: 16 MiB at most. */
const buildersKeptMax = 16

/** The batches of one partition on their way out: one being written, some waiting, at most one under way. */
export class OutboxLane {
  readonly topic: string
  readonly partition: number
  readonly queue: FinishedBatch[] = []
  isAsked = false
  notBeforeMs = 0
  #options: LaneOptions
  #open: { builder: BatchBuilder; receipt: Receipt } | undefined
  #sequence = 0
  #queuedBytes = 0

  constructor({ topic, partition }: TopicPartition, options: LaneOptions) {
    this.topic = topic
    this.partition = partition
    this.#options = options
  }

  get bytes(): number {
    return this.#queuedBytes + (this.#open?.builder.bytes ?? 0)
  }

  get isEmpty(): boolean {
    return this.queue.length === 0 && this.#open === undefined
  }

  add(record: EncodableRecord, identity: Identity): Receipt {
    const { batchBytesMax, builders } = this.#options
    if (this.#open && !this.#open.builder.add(record, Math.min(batchBytesMax, batchBytesWanted))) this.close(identity)
    else if (this.#open) return this.#counted(this.#open.receipt)
    if (loneBatchBytes(record) > batchBytesMax) {
      throw kafkaError(
        'MESSAGE_TOO_LARGE',
        `writing a record to ${this.topic}, whose batches may have ${batchBytesMax} bytes`
      )
    }
    const builder = (builders.pop() ?? new BatchBuilder()).reset()
    builder.add(record)
    this.#open = { builder, receipt: new Receipt() }
    return this.#counted(this.#open.receipt)
  }

  /** The batch being written is finished and waits to be sent. */
  close(identity: Identity): void {
    if (!this.#open) return
    const { builder, receipt } = this.#open
    this.#open = undefined
    const { isTransactional, compression } = this.#options
    const bytes = builder.finish({ ...identity, sequence: this.#sequence, isTransactional }, compression)
    this.#sequence = (this.#sequence + builder.count) % sequences
    this.#queuedBytes += bytes.length
    this.queue.push({ bytes, count: builder.count, builder, receipt, attempts: 0, firstSentMs: 0 })
  }

  written(baseOffset: number): void {
    const batch = this.queue.shift() as FinishedBatch
    this.#queuedBytes -= batch.bytes.length
    batch.receipt.written(baseOffset)
    this.#recycle(batch.builder)
  }

  /** Forgets what waits; sequences begin anew, as they do with a new epoch (KIP-360). */
  drop(error: Error): void {
    for (const { receipt, builder } of this.queue) {
      receipt.failed(error)
      this.#recycle(builder)
    }
    this.#open?.receipt.failed(error)
    this.queue.length = 0
    this.#open = undefined
    this.#queuedBytes = this.#sequence = 0
  }

  #counted(receipt: Receipt): Receipt {
    receipt.count++
    return receipt
  }

  #recycle(builder: BatchBuilder): void {
    const { builders } = this.#options
    if (builders.length < buildersKeptMax && builder.capacity <= usualBytesMax) builders.push(builder)
  }
}
