import type { StreamCounts } from '../../engine/ports/stream-messages.ts'
import { historyHeader } from '../../engine/record.ts'
import { all, type Operations, only } from '../admin/operations.ts'

/** What the stream itself found wrong with loaded rows, beside what else came in meanwhile. */
export interface Outcome {
  deadLettered: number
  duplicates: number
}

const deadLetters = 'dead-letters'

/** Between `begin` and `end` rows are loaded. */
export class OutcomeWatch {
  readonly #operations: Operations
  #counts: StreamCounts | null = null
  #duplicates = 0
  #ends: number[] = []

  constructor(operations: Operations) {
    this.#operations = operations
  }

  async begin(): Promise<void> {
    const { counts, duplicates = counts?.duplicates ?? 0 } = await only(this.#operations.status())
    this.#counts = counts
    this.#duplicates = duplicates
    const topics = await all(this.#operations.topics())
    this.#ends = topics.find(({ topic }) => topic === deadLetters)?.end ?? []
  }

  /** Once everything loaded has been processed. */
  async end(loads: readonly string[]): Promise<Outcome> {
    const { counts, duplicates = counts?.duplicates ?? 0 } = await only(this.#operations.flush())
    const deadLettered = counts ? lettersIn(counts) - lettersIn(this.#counts) : await this.#lettersOf(loads)
    return { deadLettered, duplicates: Math.max(0, duplicates - this.#duplicates) }
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
