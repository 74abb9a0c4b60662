import type { StreamCounts } from '../../engine/ports/stream-messages.ts'
import { historyHeader } from '../../engine/record.ts'
import { all, type Operations, only } from '../admin/operations.ts'

/** What the stream itself found wrong with loaded rows, beside what else came in meanwhile. */
export interface Outcome {
  deadLettered: number
  /** null: counted by the stream workers, each for itself (`millrace_duplicates_total`). */
  duplicates: number | null
}

const deadLetters = 'dead-letters'

/** Between `begin` and `end` rows are loaded. */
export class OutcomeWatch {
  readonly #operations: Operations
  #counts: StreamCounts | null = null
  #ends: number[] = []

  constructor(operations: Operations) {
    this.#operations = operations
  }

  async begin(): Promise<void> {
    this.#counts = (await only(this.#operations.status())).counts
    const topics = await all(this.#operations.topics())
    this.#ends = topics.find(({ topic }) => topic === deadLetters)?.end ?? []
  }

  /** Once everything loaded has been processed. */
  async end(loads: readonly string[]): Promise<Outcome> {
    const { counts } = await only(this.#operations.flush())
    if (counts === null) return { deadLettered: await this.#lettersOf(loads), duplicates: null }
    return {
      deadLettered: lettersIn(counts) - lettersIn(this.#counts),
      duplicates: counts.duplicates - (this.#counts?.duplicates ?? 0)
    }
  }

  /** New dead letters that were records of these loads, and not refused by the load itself. */
  async #lettersOf(loads: readonly string[]): Promise<number> {
    let letters = 0
    for (const [partition, from] of this.#ends.entries()) {
      for await (const { headers } of this.#operations.read({ topic: deadLetters, partition, from })) {
        if (loads.includes(headers?.[historyHeader] ?? '')) letters++
      }
    }
    return letters
  }
}

function lettersIn(counts: StreamCounts | null): number {
  return counts?.deadLetters.reduce((sum, [, records]) => sum + records, 0) ?? 0
}
