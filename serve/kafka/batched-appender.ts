import { codeOf, MillraceError } from '../../engine/errors.ts'
import type { NewRecord } from '../../engine/log/log.ts'
import { partitionOf } from '../../engine/log/partition-of.ts'
import type { InputPositions } from './position-token.ts'

export interface AppendPort {
  /** Durable when kept: the last offset by partition, -1 where nobody can say. */
  append(topic: string, records: readonly NewRecord[]): Promise<ReadonlyMap<number, number>>
  partitionsOf(topic: string): number
}

interface Waiting {
  records: readonly NewRecord[]
  bytes: number
  resolve: (positions: InputPositions) => void
  reject: (error: unknown) => void
}

const waitingBytesMax = 16 << 20
const recordOverheadBytes = 32

/**
 * Appends what came in while the last append was under way, all of it at once: one round trip serves many callers, and
 * none waits for those behind it. Bounded: beyond 16 MiB callers are told to come back later.
 */
export class BatchedAppender {
  readonly #port: AppendPort
  #waiting = new Map<string, Waiting[]>()
  #waitingBytes = 0
  #isAppending = false

  constructor(port: AppendPort) {
    this.#port = port
  }

  append(topic: string, records: readonly NewRecord[]): Promise<InputPositions> {
    const bytes = records.reduce(
      (sum, { key, value }) => sum + recordOverheadBytes + (key?.length ?? 0) + (value?.length ?? 0),
      0
    )
    if (this.#waitingBytes + bytes > waitingBytesMax) return Promise.reject(overloaded())
    this.#waitingBytes += bytes
    return new Promise((resolve, reject) => {
      const others = this.#waiting.get(topic) ?? []
      this.#waiting.set(topic, others)
      others.push({ records, bytes, resolve, reject })
      if (!this.#isAppending) {
        this.#isAppending = true
        // Records of one turn travel together.
        setImmediate(() => void this.#rounds())
      }
    })
  }

  async #rounds(): Promise<void> {
    while (this.#waiting.size > 0) {
      const round = this.#waiting
      this.#waiting = new Map()
      await Promise.all([...round].map(([topic, waiting]) => this.#appendAll(topic, waiting)))
    }
    this.#isAppending = false
  }

  async #appendAll(topic: string, waiting: readonly Waiting[]): Promise<void> {
    try {
      const last = await this.#port.append(
        topic,
        waiting.flatMap(({ records }) => records)
      )
      for (const one of waiting) one.resolve(new Map([[topic, this.#positionsOf(topic, one.records, last)]]))
    } catch (error) {
      for (const { reject } of waiting) reject(refused(error))
    } finally {
      for (const { bytes } of waiting) this.#waitingBytes -= bytes
    }
  }

  #positionsOf(topic: string, records: readonly NewRecord[], last: ReadonlyMap<number, number>) {
    const partitions = this.#port.partitionsOf(topic)
    const positions = new Map<number, number>()
    for (const { key } of records) {
      const partition = partitionOf(key, partitions)
      const offset = last.get(partition) ?? -1
      if (offset < 0) return null
      positions.set(partition, offset + 1)
    }
    return positions
  }
}

function overloaded(): MillraceError {
  return new MillraceError('overloaded', 'retry', 'More is being written than Kafka takes: send again in a second.')
}

/** Callers send again; nothing is lost by sending twice. */
function refused(error: unknown): unknown {
  if (!(error instanceof MillraceError) || error.remedy === 'stop' || codeOf(error) === 'overloaded') return error
  return new MillraceError('not_ready', 'retry', 'Kafka cannot be written to at the moment: send again in a second.', {
    cause: error
  })
}
