import { type ChangedRow, unpackChanges } from '../../engine/ports/packed-records.ts'

const sliceMs = 2
const rowsPerCall = 16

export interface SlicedChangesOptions<News> {
  /** Rows in order, a few at a time: ≤ 2 ms of the thread in one turn. */
  rows: (rows: readonly ChangedRow[]) => void
  /** All rows of a message have been handed out. */
  applied: (news: News) => void
}

/** Messages with packed rows, handed out in slices, so that answering never waits long. */
export class SlicedChanges<News extends { changes: Uint8Array }> {
  readonly #options: SlicedChangesOptions<News>
  readonly #queue: News[] = []
  #applying: Iterator<ChangedRow> | null = null

  constructor(options: SlicedChangesOptions<News>) {
    this.#options = options
  }

  push(news: News): void {
    this.#queue.push(news)
    if (this.#queue.length === 1) this.#apply()
  }

  #apply(): void {
    const news = this.#queue[0]
    const until = performance.now() + sliceMs
    this.#applying ??= unpackChanges(news.changes)
    for (;;) {
      const rows = take(this.#applying, rowsPerCall)
      if (rows.length > 0) this.#options.rows(rows)
      if (rows.length < rowsPerCall) break
      if (performance.now() >= until) {
        setImmediate(() => this.#apply())
        return
      }
    }
    this.#applying = null
    this.#queue.shift()
    this.#options.applied(news)
    if (this.#queue.length > 0) setImmediate(() => this.#apply())
  }
}

function take<T>(iterator: Iterator<T>, count: number): T[] {
  const taken: T[] = []
  for (let next = iterator.next(); !next.done; next = iterator.next()) {
    taken.push(next.value)
    if (taken.length === count) break
  }
  return taken
}
