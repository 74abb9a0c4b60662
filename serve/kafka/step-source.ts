import type { StreamCluster, TaskReader } from '../../engine/ports/cluster.ts'
import { packRecords } from '../../engine/ports/packed-records.ts'
import type { StepsArrived } from './view-messages.ts'

export interface StepSourceOptions {
  cluster: Pick<StreamCluster, 'reader' | 'offsets'>
  topic: string
  /** The first offset that the session index of main has not seen. */
  from: number
}

const partBytes = 1 << 20
/** Messages that main has not applied yet: more than this, and reading waits for it. */
const unappliedMax = 2

/** Reads `session-steps` for the session index of main, which applies them in slices. */
export class StepSource {
  readonly #reader: TaskReader
  readonly #topic: string
  /** Of the topic when it was opened. */
  readonly #end: number
  #position: number
  #unapplied = 0

  private constructor(reader: TaskReader, { topic, from, end }: { topic: string; from: number; end: number }) {
    this.#reader = reader
    this.#topic = topic
    this.#position = from
    this.#end = end
    reader.seek(topic, 0, from)
  }

  static async open({ cluster, topic, from }: StepSourceOptions): Promise<StepSource> {
    const place = [{ topic, partition: 0 }]
    const start = (await cluster.offsets(place, 'earliest')).get(topic)?.get(0) ?? 0
    const end = (await cluster.offsets(place, 'lastStable')).get(topic)?.get(0) ?? 0
    return new StepSource(cluster.reader('indexes'), { topic, from: Math.max(from, start), end })
  }

  /** Steps at most that main does not have of those that were there at the start. */
  get left(): number {
    return Math.max(0, this.#end - this.#position)
  }

  /** Everything that was there at the start is in main's index. */
  get isCaughtUp(): boolean {
    return this.left === 0 && this.#unapplied === 0
  }

  /** Main has applied enough of what it was sent. */
  get hasRoom(): boolean {
    return this.#unapplied < unappliedMax
  }

  /** What has arrived and main has room for; null when there is nothing of that kind. */
  next(): StepsArrived | null {
    if (!this.hasRoom) return null
    const batch = this.#reader.read(this.#topic, 0, partBytes)
    // What is left may be marks of transactions alone.
    this.#position = this.#reader.state(this.#topic, 0)?.position ?? this.#position
    if (!batch) return null
    const places = Array.from({ length: batch.count }, (_, place) => place)
    const records = places.map(place => ({ key: null, value: batch.value(place), timestamp: batch.timestamp(place) }))
    this.#unapplied++
    const offsets = places.map(place => batch.offset(place))
    return { type: 'steps', records: packRecords(records), offsets, nextOffset: batch.nextOffset }
  }

  /** A message has been applied: its credit is back. */
  applied(): void {
    this.#unapplied--
  }

  arrived(): Promise<void> {
    return this.#reader.arrived()
  }

  close(): void {
    this.#reader.close()
  }
}
