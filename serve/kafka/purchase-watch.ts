/** Of stream workers that count purchases from events: they share no group with those that count from orders. */
export const eventsKind = 'purchases-from-events'

export interface PurchaseWatchOptions {
  /** Whether the topic of orders holds anything. */
  areOrdersFed: () => Promise<boolean>
  /** Called once. */
  onFed: () => void
  everyMs?: number
}

const everyMsDefault = 1_000

/** Looks until orders are fed for the first time; while the log cannot be asked, it looks again. */
export class PurchaseWatch {
  readonly #options: PurchaseWatchOptions
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  constructor(options: PurchaseWatchOptions) {
    this.#options = options
    this.#again()
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  #again(): void {
    if (this.#isStopped) return
    this.#timer = setTimeout(() => void this.#look(), this.#options.everyMs ?? everyMsDefault)
    this.#timer.unref()
  }

  async #look(): Promise<void> {
    const isFed = await this.#options.areOrdersFed().catch(() => false)
    if (this.#isStopped) return
    if (isFed) this.#options.onFed()
    else this.#again()
  }
}
