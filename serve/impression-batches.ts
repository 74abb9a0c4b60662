import { setTimeout as sleep } from 'node:timers/promises'
import type { NewRecord } from '../engine/log/log.ts'
import type { Impression } from '../schemas/act.ts'
import { impressions } from '../schemas/topics.ts'

/**
 * How long impressions wait for company. Nobody waits for them, while each batch costs the writing side a commit and a
 * chunk, which has to be joined with others when it is small, and this thread a message back. A process that is killed
 * loses those of this time.
 */
const waitMs = 200
/** Goes out at once when it is so large. */
const batchMax = 1_000
/** With so many under way (some 10 MB) no more are taken: the log is not keeping up. */
const unkeptMax = 10_000
/** A stream that does not answer must not keep the process from ending. */
const flushMaxMs = 2_000

export interface ImpressionBatchesOptions {
  append: (topic: string, records: NewRecord[]) => Promise<unknown>
  /** Told of those whose append failed: it is not repeated, since the answers were given all the same. */
  onLost: (count: number) => void
}

/** Appends impressions many at a time. */
export class ImpressionBatches {
  readonly #options: ImpressionBatchesOptions
  #held: NewRecord[] = []
  #underWay = 0
  #timer: NodeJS.Timeout | null = null
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: ImpressionBatchesOptions) {
    this.#options = options
  }

  /** false: none of them were taken, as too many are not yet kept. */
  add(given: readonly Impression[]): boolean {
    if (this.#held.length + this.#underWay + given.length > unkeptMax) return false
    for (const one of given) this.#held.push(recordOf(one))
    if (this.#held.length >= batchMax) this.#send()
    else this.#timer ??= setTimeout(() => this.#send(), waitMs)
    return true
  }

  /** Resolves when all that were added are kept, or given up; at the latest after 2 s. */
  async flush(): Promise<void> {
    if (this.#held.length > 0) this.#send()
    await Promise.race([this.#last, sleep(flushMaxMs, undefined, { ref: false })])
  }

  #send(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const records = this.#held
    this.#held = []
    this.#last = Promise.all([this.#last, this.#appended(records)])
  }

  async #appended(records: NewRecord[]): Promise<void> {
    this.#underWay += records.length
    try {
      await this.#options.append(impressions.name, records)
    } catch {
      this.#options.onLost(records.length)
    } finally {
      this.#underWay -= records.length
    }
  }
}

function recordOf(impression: Impression): NewRecord {
  return {
    key: impression.user_id ?? impression.session_id ?? impression.recommendation_id,
    value: impressions.value.encode(impression),
    timestamp: impression.ts
  }
}
