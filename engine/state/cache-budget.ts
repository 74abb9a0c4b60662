/** A turn is due when the youngest generation has so much of the budget: the finer, the closer to "least recently used". */
const youngestShare = 1 / 16
/** What a turn leaves in memory: the rest is room for the next unit of work. */
const keptShare = 3 / 4
/** Older ones count as one. */
const generationsMax = 64

/**
 * The memory that decoded state may use, over all caches of a thread. Every use of an entry puts it into the youngest
 * generation; when a turn finds too much, whole generations are dropped, from the oldest on. Only clean entries are ever
 * dropped, so an over-full unit of work has to commit first (`isExceeded`).
 */
export class CacheBudget {
  readonly bytesMax: number
  /** Of all generations. */
  bytes = 0
  /** The youngest. */
  generation = 0
  /** Bytes of each, from `#oldest` on; what is older still counts there. */
  readonly #sizes = [0]
  #oldest = 0

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  /** Into the youngest generation, or another one; negative when something shrank or is gone. */
  add(bytes: number, generation = this.generation): void {
    this.bytes += bytes
    this.#sizes[Math.max(0, generation - this.#oldest)] += bytes
  }

  /** The unit holds more than it may: commit now. */
  get isExceeded(): boolean {
    return this.bytes > this.bytesMax
  }

  get isTurnDue(): boolean {
    const youngest = this.#sizes[this.generation - this.#oldest]
    return this.bytes > this.bytesMax * keptShare || youngest > this.bytesMax * youngestShare
  }

  /** Begins a generation, and returns the oldest that may stay: the caches are to drop what is older. */
  turn(): number {
    const excess = this.bytes - this.bytesMax * keptShare
    let kept = excess > 0 ? this.#oldest : 0
    for (let freed = 0; freed < excess; freed += this.#sizes[kept++ - this.#oldest]);
    this.generation++
    this.#sizes.push(0)
    while (this.#oldest < kept || this.#sizes.length > generationsMax) {
      const bytes = this.#sizes.shift() as number
      this.#sizes[0] += bytes
      this.#oldest++
    }
    return kept
  }
}
