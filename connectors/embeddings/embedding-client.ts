import { MillraceError, poison } from '../../engine/errors.ts'

export interface EmbeddingOptions {
  /** Takes `{"input": [texts], "model"}`, gives `{"data": [{"index", "embedding": [numbers]}]}`: the embeddings API that OpenAI, vLLM, Ollama and Text Embeddings Inference speak. */
  url: string
  model: string
  /** Sent as a bearer token; empty: none. */
  apiKey: string
  /** Of one request. */
  timeoutMs: number
}

/** Of an answer: 64 texts of 4,096 numbers in JSON are below it. */
const bodyBytesMax = 8 << 20
const numbersMax = 8_192

/**
 * Asks the shop's own embedding service. Throws `embedding_service_unavailable` (`retry`) when it is away, slow or busy,
 * `embedding_service_refused` (`skip`) when it says no or answers something else.
 */
export class EmbeddingClient {
  readonly #options: EmbeddingOptions

  constructor(options: EmbeddingOptions) {
    this.#options = options
  }

  /** One vector per text, in their order. */
  async embed(texts: readonly string[], signal?: AbortSignal): Promise<number[][]> {
    const { status, body } = await this.#post(JSON.stringify({ input: texts, model: this.#options.model }), signal)
    if (status === 429 || status >= 500) throw this.#away(`answers ${status}`)
    if (status !== 200) throw this.#refused(`answers ${status}`)
    return this.#vectorsIn(body, texts.length)
  }

  async #post(body: string, signal?: AbortSignal): Promise<{ status: number; body: string }> {
    const { url, apiKey, timeoutMs } = this.#options
    const timeout = AbortSignal.timeout(timeoutMs)
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(apiKey && { authorization: `Bearer ${apiKey}` }) },
        body,
        redirect: 'error',
        signal: signal ? AbortSignal.any([timeout, signal]) : timeout
      })
      return { status: response.status, body: await this.#textOf(response) }
    } catch (error) {
      if (error instanceof MillraceError) throw error
      throw this.#away('does not answer', error)
    }
  }

  async #textOf(response: Response): Promise<string> {
    const decoder = new TextDecoder()
    let text = ''
    let bytes = 0
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length
      if (bytes > bodyBytesMax) throw this.#refused(`sends more than ${bodyBytesMax} bytes`)
      text += decoder.decode(chunk, { stream: true })
    }
    return text
  }

  #vectorsIn(body: string, count: number): number[][] {
    let data: unknown
    try {
      data = (JSON.parse(body) as { data?: unknown }).data
    } catch (error) {
      throw this.#refused('answers no JSON', error)
    }
    const vectors: number[][] = []
    for (const one of Array.isArray(data) ? data : []) {
      if (isVector(one?.embedding) && Number.isInteger(one.index)) vectors[one.index] = one.embedding
    }
    if (vectors.length !== count || vectors.includes(undefined as never)) {
      throw this.#refused(`gives no vector of numbers for each of ${count} texts`)
    }
    return vectors
  }

  #away(what: string, cause?: unknown): MillraceError {
    const message = `The embedding service at ${this.#options.url} ${what}: products are described by their terms until it is back.`
    return new MillraceError('embedding_service_unavailable', 'retry', message, { cause })
  }

  #refused(what: string, cause?: unknown): MillraceError {
    const message = `The embedding service at ${this.#options.url} ${what}: check embeddings.url, embeddings.model and embeddings.api_key.`
    return poison('embedding_service_refused', message, cause)
  }
}

function isVector(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= numbersMax &&
    value.every(one => typeof one === 'number' && Number.isFinite(one))
  )
}
