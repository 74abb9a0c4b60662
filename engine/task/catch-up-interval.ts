export interface CatchUpOptions {
  minMs: number
  maxMs: number
  /** What a commit should write, about: whoever stores it holds a write in memory several times. */
  bytesAim: number
}

/** How long a unit of work stays open while far behind. */
export class CatchUpInterval {
  readonly #options: CatchUpOptions
  ms: number

  constructor(options: CatchUpOptions) {
    this.#options = options
    this.ms = options.maxMs
  }

  /** Learns from a commit of so many bytes, of a unit that was open so long. */
  committed(bytes: number, ageMs: number): void {
    const { minMs, maxMs, bytesAim } = this.#options
    const aimMs = (ageMs * bytesAim) / Math.max(1, bytes)
    this.ms = Math.max(minMs, Math.min(maxMs, (this.ms + aimMs) / 2))
  }
}
