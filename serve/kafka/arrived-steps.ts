import type { Log, RecordBatch } from '../../engine/log/log.ts'
import { unpackRecords } from '../../engine/ports/packed-records.ts'
import type { StepsArrived } from './view-messages.ts'

/** What the reading thread has sent of `session-steps` and is not yet in the index, as a log to be read once. */
export class ArrivedSteps implements Pick<Log, 'read' | 'startOffset' | 'endOffset'> {
  readonly #topic: string
  readonly #onApplied: (nextOffset: number) => void
  readonly #batches: RecordBatch[] = []
  #end: number

  /** `onApplied`: a message has been read to its end, up to that offset. */
  constructor(topic: string, from: number, onApplied: (nextOffset: number) => void) {
    this.#topic = topic
    this.#end = from
    this.#onApplied = onApplied
  }

  add(arrived: StepsArrived): void {
    this.#batches.push(batchOf(this.#topic, arrived))
    this.#end = arrived.nextOffset
  }

  /** Asking for what is behind a batch says that the batch is in the index. */
  read(_topic: string, _partition: number, fromOffset: number): RecordBatch | null {
    while (this.#batches.length > 0 && this.#batches[0].nextOffset <= fromOffset) {
      const { nextOffset } = this.#batches.shift() as RecordBatch
      this.#onApplied(nextOffset)
    }
    return this.#batches[0] ?? null
  }

  startOffset(): number {
    return 0
  }

  endOffset(): number {
    return this.#end
  }
}

function batchOf(topic: string, { records, offsets, nextOffset }: StepsArrived): RecordBatch {
  const unpacked = unpackRecords(records)
  return {
    topic,
    partition: 0,
    count: unpacked.length,
    nextOffset,
    bytes: records.byteLength,
    offset: place => offsets[place],
    timestamp: place => unpacked[place].timestamp,
    key: () => '',
    keyBytes: () => null,
    value: place => unpacked[place].value,
    headers: () => undefined
  }
}
