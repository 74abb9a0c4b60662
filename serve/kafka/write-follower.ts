import type { Offsets } from './log-positions.ts'
import type { InputPositions } from './position-token.ts'

/** How records lead to records, and in the end to views. */
export interface Flow {
  /** By topic that the streams read: what they write because of its records, views included. */
  derived: ReadonlyMap<string, readonly string[]>
  /** Topics of the views that answers are made from, a place per partition. */
  views: readonly { topic: string; partition: number }[]
}

/** A topic that leads back to itself is followed once more, not for ever. */
const visitsMax = 2

type Target = [topic: string, partition: number, offset: number]

/**
 * Follows one write through the topics that are derived from it. Once the streams have committed past it, what came of
 * it is in the topics they write, somewhere before the ends these have then; and so on until nothing is derived any
 * more; then it is in the views' topics, and this replica's views have to be past their ends.
 */
export class WriteFollower {
  readonly #flow: Flow
  readonly #written: InputPositions
  #targets: Target[] | null = null
  #topics: ReadonlySet<string>
  readonly #visits = new Map<string, number>()
  #viewTargets: number[] | null = null

  constructor(flow: Flow, written: InputPositions) {
    this.#flow = flow
    this.#written = written
    this.#topics = new Set(written.keys())
  }

  /** `committed` must have been asked for before `ends`. 'unknown': the write is not on this log. */
  advance(committed: Offsets, ends: Offsets): 'unknown' | 'under way' {
    if (!this.#targets) {
      const targets = [...this.#written].flatMap(([topic, positions]) => targetsOf(topic, positions ?? ends.get(topic)))
      if (targets.some(([topic, partition, offset]) => offset > offsetIn(ends, topic, partition))) return 'unknown'
      this.#targets = targets
    }
    while (!this.#viewTargets && this.#targets.every(([t, p, offset]) => offsetIn(committed, t, p) >= offset)) {
      this.#topics = this.#next()
      this.#targets = [...this.#topics].flatMap(topic => targetsOf(topic, ends.get(topic)))
      if (this.#topics.size === 0) {
        this.#viewTargets = this.#flow.views.map(({ topic, partition }) => offsetIn(ends, topic, partition))
      }
    }
    return 'under way'
  }

  /** `positions` of the replica, in the order of `flow.views`. */
  isSeen(positions: ArrayLike<number>): boolean {
    return this.#viewTargets?.every((target, place) => positions[place] >= target) ?? false
  }

  /** What the streams read of what they have written because of the current topics. */
  #next(): Set<string> {
    const next = new Set([...this.#topics].flatMap(topic => this.#flow.derived.get(topic) ?? []))
    for (const topic of next) {
      const visits = (this.#visits.get(topic) ?? 0) + 1
      this.#visits.set(topic, visits)
      if (visits > visitsMax || !this.#flow.derived.has(topic)) next.delete(topic)
    }
    return next
  }
}

function targetsOf(topic: string, positions: ReadonlyMap<number, number> | undefined): Target[] {
  return [...(positions ?? [])].map(([partition, offset]) => [topic, partition, offset])
}

function offsetIn(offsets: Offsets, topic: string, partition: number): number {
  return offsets.get(topic)?.get(partition) ?? 0
}
