import type { StoreReader } from '../../engine/stores/state-store.ts'
import { baskets } from '../../schemas/topics.ts'
import { ViewPages } from './scan-view.ts'

export interface OrderScanOptions {
  store: StoreReader
  /** undefined: nobody has written this view yet, and what is written from now on comes as changes. */
  viewIdOf: (view: string) => number | undefined
  put: (orderId: string, bytes: Buffer) => void
  /** Every order that was there at the start has been put. */
  onComplete: () => void
}

const sliceMs = 2
/** Some 25 µs a row. */
const pageMax = { rows: 64, bytes: 256 << 10 }

/**
 * Reads the orders of the view `baskets` once, ≤ 2 ms of the thread in one turn, so that answers need not wait for it: 10 s
 * for 500,000 orders. A page is read and put within one turn, so it is never older than a change that was applied before,
 * and what changes later is applied as a change.
 */
export class OrderScan {
  /** Resolves when it is complete; never where it is closed before. */
  readonly completed: Promise<void>
  /** Orders read so far. */
  count = 0
  /** Called after every slice that was not the last. */
  onProgress: () => void = () => {}
  readonly #options: OrderScanOptions
  #pages: ViewPages | null = null
  #isClosed = false
  #complete = () => {}

  constructor(options: OrderScanOptions) {
    this.#options = options
    this.completed = new Promise(resolve => {
      this.#complete = resolve
    })
  }

  /** Once the views can be read. What fits into a slice is read before this returns. */
  start(): void {
    if (this.#isClosed || !this.read(sliceMs)) return
    this.onProgress()
    setImmediate(() => this.start())
  }

  /** Reads on for so long. Returns whether there is more. */
  read(forMs: number): boolean {
    const until = performance.now() + forMs
    const id = this.#options.viewIdOf(baskets.name)
    if (id !== undefined) this.#pages ??= new ViewPages(this.#options.store, id)
    while (this.#putPage()) if (performance.now() >= until) return true
    this.#options.onComplete()
    this.#complete()
    return false
  }

  /** Before the store is closed. */
  close(): void {
    this.#isClosed = true
  }

  #putPage(): boolean {
    const rows = this.#pages?.next(pageMax) ?? []
    for (const [orderId, bytes] of rows) this.#options.put(orderId, bytes)
    this.count += rows.length
    return rows.length > 0
  }
}
