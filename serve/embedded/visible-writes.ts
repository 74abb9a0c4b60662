import type { Series } from '../distribution.ts'

const writesMax = 4_096

/** How long accepted writes take until answers show them: `millrace_event_to_serve_seconds`. Samples when there are many. */
export class VisibleWrites {
  readonly #series: Series
  #pending: { commit: number; at: number }[] = []

  constructor(series: Series) {
    this.#series = series
  }

  written(commit: number, nowMs: number): void {
    const last = this.#pending[this.#pending.length - 1]
    if (last?.commit === commit || this.#pending.length >= writesMax) return
    this.#pending.push({ commit, at: nowMs })
  }

  applied(fresh: number, nowMs: number): void {
    let count = 0
    while (count < this.#pending.length && this.#pending[count].commit <= fresh) {
      this.#series.observe((nowMs - this.#pending[count].at) / 1000)
      count++
    }
    if (count > 0) this.#pending = this.#pending.slice(count)
  }
}
