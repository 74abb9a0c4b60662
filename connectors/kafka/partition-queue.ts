import type { RecordBatch, TopicPartition } from '../../engine/log/log.ts'
import { decodeBatches, extentOf, type FetchedBytes } from './batch-reader.ts'
import { RecordRun, RecordView } from './record-run.ts'

/** What has arrived of one partition: fetched bytes, decoded piece by piece when somebody reads them. */
export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  /** Asked for next. */
  fetchOffset: number
  /** Behind what was handed out, markers and gaps included. */
  position: number
  /** Fetched and not yet read to the end. */
  bytes = 0
  #waiting: FetchedBytes[] = []
  #runs: RecordRun[] = []
  #next = 0
  #openBytes = 0
  #openEnd = 0

  constructor({ topic, partition }: TopicPartition, offset: number) {
    this.topic = topic
    this.partition = partition
    this.fetchOffset = this.position = this.#openEnd = offset
  }

  get hasArrived(): boolean {
    return this.bytes > 0
  }

  /** Takes bytes fetched from `fetchOffset`; false if not even one batch was whole. */
  push(fetched: FetchedBytes): boolean {
    const next = extentOf(fetched)
    if (next <= this.fetchOffset) return false
    this.fetchOffset = next
    this.bytes += fetched.bytes.length
    this.#waiting.push(fetched)
    return true
  }

  seek(offset: number): void {
    this.#waiting.length = 0
    this.#runs = []
    this.bytes = this.#openBytes = 0
    this.fetchOffset = this.position = this.#openEnd = offset
  }

  /** At least one record and else at most `bytesMax`; without records when only markers and gaps were passed. */
  read(bytesMax: number): RecordBatch | null {
    const from = this.position
    while (this.#runs.length === 0) {
      this.#closeOpen()
      const fetched = this.#waiting.shift()
      if (!fetched) return this.position > from ? this.#nothing() : null
      this.#openBytes = fetched.bytes.length
      const { runs, nextOffset } = decodeBatches(fetched)
      this.#openEnd = nextOffset
      this.#runs = runs
      this.#next = 0
    }
    const [run] = this.#runs
    const first = this.#next
    let end = first + 1
    let bytes = run.size(first)
    while (end < run.count && bytes + run.size(end) <= bytesMax) bytes += run.size(end++)
    const isLast = end === run.count
    this.#next = end
    if (isLast) this.#leaveRun()
    this.position = !isLast ? run.offset(end) : this.#runs.length === 0 ? this.#openEnd : run.nextOffset
    if (this.#runs.length === 0) this.#closeOpen()
    return new RecordView(run, { first, count: end - first, nextOffset: this.position, bytes })
  }

  #leaveRun(): void {
    this.#runs.shift()
    this.#next = 0
  }

  /** The piece that was open is read to its end: its bytes count no more. */
  #closeOpen(): void {
    this.bytes -= this.#openBytes
    this.#openBytes = 0
    if (this.#openEnd > this.position) this.position = this.#openEnd
  }

  #nothing(): RecordBatch {
    const run = new RecordRun(this, Buffer.alloc(0))
    return new RecordView(run, { first: 0, count: 0, nextOffset: this.position, bytes: 0 })
  }
}
