import { setTimeout as sleep } from 'node:timers/promises'
import { MillraceError, stop } from '../../engine/errors.ts'

export interface RegistryOptions {
  /** Of the Confluent-compatible API, such as http://127.0.0.1:8081/apis/ccompat/v7. */
  url: string
  username?: string
  password?: string
  /** Of one request. Default 5 s. */
  requestTimeoutMs?: number
  /** How long a request is repeated while the registry is away, or answers 5xx or 429. Default 90 s. */
  patienceMs?: number
}

interface Answer {
  status: number
  /** Of the API, finer than the status: 40401 no such subject, 40402 no such version, 40403 no such schema. */
  errorCode: number
  message: string
  body: Record<string, unknown>
}

const backOff = { firstMs: 100, maxMs: 5000 }
/** Bodies are schemas; a registry that sends more is none. */
const bodyBytesMax = 4 << 20

/**
 * The few requests of the Confluent Schema Registry API that ids and compatibility need. A registry that is away is a
 * `retry` of code `registry_unavailable`, after patience; one that refuses is a `stop`.
 */
export class RegistryClient {
  readonly url: string
  readonly #headers: Record<string, string>
  readonly #requestTimeoutMs: number
  readonly #patienceMs: number

  constructor({ url, username, password, requestTimeoutMs = 5000, patienceMs = 90_000 }: RegistryOptions) {
    this.url = url.replace(/\/+$/, '')
    this.#requestTimeoutMs = requestTimeoutMs
    this.#patienceMs = patienceMs
    this.#headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' }
    if (username) {
      const pair = Buffer.from(`${username}:${password ?? ''}`).toString('base64')
      this.#headers.authorization = `Basic ${pair}`
    }
  }

  /** JSON of the schema; undefined where the registry has none of that id. */
  async schemaById(id: number, patienceMs?: number): Promise<unknown> {
    const answer = await this.#ask('GET', `/schemas/ids/${id}`, undefined, patienceMs)
    if (answer.status === 404) return undefined
    return schemaIn(expected(answer, `schema id ${id}`))
  }

  /** Id of exactly this schema in the subject; undefined where it is not registered there. */
  async idOf(subject: string, schema: string, patienceMs?: number): Promise<number | undefined> {
    const answer = await this.#ask('POST', `/subjects/${encodeURIComponent(subject)}`, { schema }, patienceMs)
    if (answer.status === 404) return undefined
    return idIn(answer, subject)
  }

  /** Text of the schema written now; undefined where there is no such subject. */
  async latest(subject: string): Promise<string | undefined> {
    const answer = await this.#ask('GET', `/subjects/${encodeURIComponent(subject)}/versions/latest`)
    if (answer.status === 404) return undefined
    return String(expected(answer, `subject ${subject}`).schema)
  }

  /** The same schema again gets the same id. What the registry's own rules forbid is `schema_incompatible`. */
  async register(subject: string, schema: string): Promise<number> {
    const answer = await this.#ask('POST', `/subjects/${encodeURIComponent(subject)}/versions`, { schema })
    if (answer.status === 409) {
      throw stop(
        'schema_incompatible',
        `The registry refuses the schema of ${subject}: ${answer.message || 'it is not compatible'}. Give what is new a default, and keep names and types.`
      )
    }
    return idIn(answer, subject)
  }

  async #ask(method: string, path: string, body?: object, patienceMs = this.#patienceMs): Promise<Answer> {
    const until = Date.now() + patienceMs
    for (let pauseMs = backOff.firstMs; ; pauseMs = Math.min(pauseMs * 2, backOff.maxMs)) {
      const outcome = await this.#once(method, path, body)
      if (!('away' in outcome)) return outcome
      if (Date.now() + pauseMs > until) {
        throw new MillraceError(
          'registry_unavailable',
          'retry',
          `The schema registry at ${this.url} does not answer (${outcome.away}): start it, or correct registry.url.`,
          { cause: outcome.cause }
        )
      }
      await sleep(pauseMs)
    }
  }

  async #once(method: string, path: string, body?: object): Promise<Answer | { away: string; cause?: unknown }> {
    try {
      const response = await fetch(this.url + path, {
        method,
        headers: this.#headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(this.#requestTimeoutMs)
      })
      const text = await response.text()
      if (response.status >= 500 || response.status === 429) return { away: `HTTP ${response.status}` }
      return answerOf(response.status, text)
    } catch (error) {
      return { away: (error as { cause?: { code?: string } }).cause?.code ?? 'no answer', cause: error }
    }
  }
}

function answerOf(status: number, text: string): Answer {
  const body = text.length > bodyBytesMax ? {} : parsed(text)
  return { status, body, errorCode: Number(body.error_code ?? 0), message: String(body.message ?? '') }
}

function parsed(text: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(text)
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {}
  } catch {
    return {} // Whatever it is, it is no answer of this API; the status says what happens.
  }
}

function expected({ status, errorCode, message, body }: Answer, what: string): Record<string, unknown> {
  if (status === 200) return body
  const code = errorCode === 0 ? `HTTP ${status}` : `HTTP ${status}, ${errorCode}`
  throw stop(
    'registry_refused',
    `The schema registry refuses what is asked about ${what} (${code}): ${message || 'see registry.url and its rights'}.`
  )
}

function idIn(answer: Answer, subject: string): number {
  const { id } = expected(answer, `subject ${subject}`)
  if (Number.isInteger(id)) return id as number
  throw stop('registry_refused', `What answers about subject ${subject} is no schema registry: correct registry.url.`)
}

function schemaIn({ schema }: Record<string, unknown>): unknown {
  try {
    return JSON.parse(String(schema))
  } catch {
    return schema // A primitive's name needs no quotes; and what is no Avro is found out by whoever parses it.
  }
}
