import type { MillraceError } from '../../engine/errors.ts'
import type { NewRecord } from '../../engine/log/log.ts'
import { itemEmbeddings } from '../../schemas/topics.ts'
import type { CatalogItem } from '../../schemas/views.ts'

export interface EmbeddingFeedOptions {
  embed: (texts: readonly string[], signal: AbortSignal) => Promise<number[][]>
  /** From what the service gives to what is stored. */
  quantise: (embedding: readonly number[]) => Int8Array
  append: (records: NewRecord[]) => Promise<unknown>
  now: () => number
  /** Told once per failure: the service's, or the log's. */
  onFailed: (error: unknown) => void
  batchMax?: number
  waitingMax?: number
  backOff?: { firstMs: number; maxMs: number }
}

const defaults = { batchMax: 64, waitingMax: 50_000, backOff: { firstMs: 1_000, maxMs: 60_000 } }
const textCharsMax = 2_000

type Described = Pick<CatalogItem, 'title' | 'category' | 'brand'>

/**
 * Has products embedded by the shop's own service, batch after batch, and puts what it says on the log, where a replay
 * finds it again without asking. What waits is bounded: past `waitingMax` a product keeps its terms until its next
 * change. A service that is away is asked again with pauses; texts it refuses are left to their terms.
 */
export class EmbeddingFeed {
  readonly #options: EmbeddingFeedOptions & typeof defaults
  readonly #waiting = new Map<string, string | null>()
  /** Texts that were sent, by product: one that has not changed is not sent again. */
  readonly #sent = new Map<string, string>()
  readonly #ending = new AbortController()
  #running: Promise<void> | null = null
  #failures = 0

  constructor(options: EmbeddingFeedOptions) {
    this.#options = { ...defaults, ...options }
  }

  get waiting(): number {
    return this.#waiting.size
  }

  /** A product as it is now; null: it is gone. */
  offer(productId: string, item: Described | null): void {
    const text = item && textOf(item)
    if (text !== null && this.#sent.get(productId) === text) return
    if (!this.#waiting.has(productId) && this.#waiting.size >= this.#options.waitingMax) return
    this.#waiting.set(productId, text)
    this.#running ??= this.#run().finally(() => {
      this.#running = null
    })
  }

  /** Nothing waits any more: what was offered so far is on the log, refused, or given up by `close`. */
  async settled(): Promise<void> {
    while (this.#running) await this.#running
  }

  /** Waits for what is on its way; what still waits is left. */
  async close(): Promise<void> {
    this.#ending.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    // Products that come together go together.
    await pause(0, this.#ending.signal)
    while (this.#waiting.size > 0 && !this.#ending.signal.aborted) {
      const batch = [...this.#waiting].slice(0, this.#options.batchMax)
      for (const [productId] of batch) this.#waiting.delete(productId)
      try {
        await this.#options.append(await this.#recordsOf(batch))
        this.#failures = 0
        for (const [productId, text] of batch) this.#remember(productId, text)
      } catch (error) {
        if (this.#ending.signal.aborted) return
        this.#options.onFailed(error)
        await this.#afterFailure(batch, error)
      }
    }
  }

  async #recordsOf(batch: [string, string | null][]): Promise<NewRecord[]> {
    const { embed, quantise, now } = this.#options
    const timestamp = now()
    const gone = batch.filter(([, text]) => text === null)
    const described = batch.filter((one): one is [string, string] => one[1] !== null)
    const texts = described.map(([, text]) => text)
    const vectors = texts.length > 0 ? await embed(texts, this.#ending.signal) : []
    return [
      ...gone.map(([key]) => ({ key, value: null, timestamp })),
      ...described.map(([key], i) => {
        const vector = quantise(vectors[i])
        const value = itemEmbeddings.value.encode({
          vector: Buffer.from(vector.buffer, vector.byteOffset, vector.length)
        })
        return { key, value, timestamp }
      })
    ]
  }

  /** What may go better later waits again, behind what has changed since. */
  async #afterFailure(batch: [string, string | null][], error: unknown): Promise<void> {
    if ((error as Partial<MillraceError>).remedy === 'skip') return
    for (const [productId, text] of batch) if (!this.#waiting.has(productId)) this.#waiting.set(productId, text)
    const { firstMs, maxMs } = this.#options.backOff
    await pause(Math.min(maxMs, firstMs * 2 ** Math.min(10, this.#failures++)), this.#ending.signal)
  }

  #remember(productId: string, text: string | null): void {
    this.#sent.delete(productId)
    if (text === null) return
    this.#sent.set(productId, text)
    if (this.#sent.size > this.#options.waitingMax) this.#sent.delete(this.#sent.keys().next().value as string)
  }
}

function textOf({ title, category, brand }: Described): string {
  return [title, brand, category].filter(Boolean).join('\n').slice(0, textCharsMax)
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true }
    )
  })
}
