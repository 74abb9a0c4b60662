import { setTimeout as sleep } from 'node:timers/promises'
import type { NewRecord } from '../engine/log/log.ts'
import type { Impression } from '../schemas/act.ts'
import { impressions } from '../schemas/topics.ts'

/**
 * How long impressions wait for company. Nobody waits for them, while each batch costs the writing side a commit and
 * this thread a message back. A process that is killed loses those of this time.
 */
const waitMs = 25
/** Goes out at once when it is so large. */
const batchMax = 1_000
/** A stream that does not answer must not keep the process from ending. */
const flushMaxMs = 2_000

/** Appends impressions many at a time. */
export class ImpressionBatches {
  readonly #append: (topic: string, records: NewRecord[]) => Promise<unknown>
  #held: Impression[] = []
  #timer: NodeJS.Timeout | null = null
  #last: Promise<unknown> = Promise.resolve()

  /** A rejected append is not repeated: the answers were given all the same. */
  constructor(append: (topic: string, records: NewRecord[]) => Promise<unknown>) {
    this.#append = append
  }

  add(given: readonly Impression[]): void {
    for (const one of given) this.#held.push(one)
    if (this.#held.length >= batchMax) this.#send()
    else this.#timer ??= setTimeout(() => this.#send(), waitMs)
  }

  /** Resolves when all that were added are kept, or given up; at the latest after 2 s. */
  async flush(): Promise<void> {
    if (this.#held.length > 0) this.#send()
    await Promise.race([this.#last, sleep(flushMaxMs, undefined, { ref: false })])
  }

  #send(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const records = this.#held.map(recordOf)
    this.#held = []
    const sent = this.#append(impressions.name, records).catch(() => undefined)
    this.#last = Promise.all([this.#last, sent])
  }
}

function recordOf(impression: Impression): NewRecord {
  return {
    key: impression.user_id ?? impression.session_id ?? impression.recommendation_id,
    value: impressions.value.encode(impression),
    timestamp: impression.ts
  }
}
