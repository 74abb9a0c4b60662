import type { Offsets } from './log-positions.ts'

/** By topic that the streams read: the topics they write because of its records. */
export type Derived = ReadonlyMap<string, readonly string[]>

/**
 * Has everything been processed that was on the log, on every topic on the way? Topics are looked at one after the other,
 * each behind those that lead to it: once the streams have committed past what a topic held, all that came of it is in the
 * topics behind, before the ends these have then. Topics that lead back to themselves are gone through once more.
 *
 * Records that go on arriving meanwhile are not waited for, so it ends under live traffic too.
 */
export class FlowDrain {
  readonly #order: readonly string[]
  #at = 0
  /** Of the topic that is being looked at, by partition. */
  #targets: ReadonlyMap<number, number> | null = null

  constructor(derived: Derived) {
    const { order, hasCycle } = flowOrder(derived)
    this.#order = hasCycle ? [...order, ...order] : order
  }

  get isDone(): boolean {
    return this.#at >= this.#order.length
  }

  /** Which topic is being looked at, and how many of its records are waited for: the same again means no progress. */
  standing(committed: Offsets): string {
    const topic = this.#order[this.#at]
    const left = lagOf(committed, new Map([[topic, this.#targets ?? new Map()]]), [topic])
    return `${this.#at} ${left}`
  }

  /** `committed` must have been asked for before `ends`. */
  advance(committed: Offsets, ends: Offsets): void {
    for (; !this.isDone; this.#at++) {
      const topic = this.#order[this.#at]
      this.#targets ??= ends.get(topic) ?? new Map()
      const isPast = [...this.#targets].every(
        ([partition, target]) => (committed.get(topic)?.get(partition) ?? 0) >= target
      )
      if (!isPast) return
      this.#targets = null
    }
  }
}

/** Topics that are read, each behind all that lead to it; where they lead in a circle, behind the first of them. */
export function flowOrder(derived: Derived): { order: string[]; hasCycle: boolean } {
  const behind: string[] = []
  const state = new Map<string, 'open' | 'done'>()
  let hasCycle = false
  const visit = (topic: string) => {
    if (!derived.has(topic) || state.get(topic) === 'done') return
    if (state.get(topic) === 'open') {
      hasCycle = true
      return
    }
    state.set(topic, 'open')
    for (const next of derived.get(topic) ?? []) visit(next)
    state.set(topic, 'done')
    behind.push(topic)
  }
  for (const topic of derived.keys()) visit(topic)
  return { order: behind.reverse(), hasCycle }
}

/** Records at most between what was committed and the ends. */
export function lagOf(committed: Offsets, ends: Offsets, topics: Iterable<string>): number {
  let lag = 0
  for (const topic of topics) {
    for (const [partition, end] of ends.get(topic) ?? []) {
      lag += Math.max(0, end - (committed.get(topic)?.get(partition) ?? 0))
    }
  }
  return lag
}
