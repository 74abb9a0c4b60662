import { apiVersionsV3, Connection, type ConnectionOptions } from '@platformatic/kafka'
import { type BackOffOptions, backOffMs, pause } from './back-off.ts'
import { kafkaError, responseOf, translated } from './errors.ts'
import { negotiated, type VersionRanges, type Versions } from './wire.ts'

export interface Address {
  host: string
  port: number
}

/** Requests that wait for one connection; more are refused, so that a stuck broker cannot fill the memory. */
const pendingMax = 256
const softwareName = 'millrace'

/** One connection that has agreed on versions. Requests on it are answered in order (protocol guide, "Network"). */
export class Link {
  readonly #connection: Connection
  readonly #ranges: VersionRanges
  readonly #signal: AbortSignal
  #pending = 0
  #mutedUntilMs = 0

  constructor(connection: Connection, ranges: VersionRanges, signal: AbortSignal) {
    this.#connection = connection
    this.#ranges = ranges
    this.#signal = signal
  }

  get isOpen(): boolean {
    return this.#connection.isConnected()
  }

  async send<A extends unknown[], R>(apis: Versions<A, R>, doing: string, ...args: A): Promise<R> {
    const api = negotiated(apis, this.#ranges, doing)
    if (this.#pending >= pendingMax) throw kafkaError('BACKLOG', doing)
    this.#pending++
    try {
      const mutedMs = this.#mutedUntilMs - performance.now()
      if (mutedMs > 0) await pause(mutedMs, this.#signal, doing)
      const response = await api.async(this.#connection, ...args)
      this.#throttle(response)
      return response
    } catch (error) {
      this.#throttle(responseOf(error))
      const ours = translated(error, doing)
      if (ours.code === 'kafka_unreadable') this.close()
      throw ours
    } finally {
      this.#pending--
    }
  }

  /** KIP-219: a broker that throttles answers at once, and the client keeps silent on this connection for so long. */
  #throttle(response: unknown): void {
    const throttleMs = (response as { throttleTimeMs?: number } | undefined)?.throttleTimeMs ?? 0
    if (throttleMs > 0) this.#mutedUntilMs = performance.now() + Math.min(throttleMs, 60_000)
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}

export interface LinkOptions {
  clientId: string
  connection: ConnectionOptions
  backOff: BackOffOptions
  signal: AbortSignal
}

/** One address and lane: connects when asked, again after a loss, with bounded back-off between failures. */
export class Dialer {
  readonly #address: Address
  readonly #options: LinkOptions
  #link: Link | undefined
  #dialling: Promise<Link> | undefined
  #failures = 0
  #notBeforeMs = 0

  constructor(address: Address, options: LinkOptions) {
    this.#address = address
    this.#options = options
  }

  link(): Promise<Link> | Link {
    if (this.#link?.isOpen) return this.#link
    this.#dialling ??= this.#dial().finally(() => {
      this.#dialling = undefined
    })
    return this.#dialling
  }

  async #dial(): Promise<Link> {
    const { backOff, signal } = this.#options
    const doing = `connecting to ${this.#address.host}:${this.#address.port}`
    const waitMs = this.#notBeforeMs - performance.now()
    if (waitMs > 0) await pause(waitMs, signal, doing)
    if (signal.aborted) throw kafkaError('CLOSED', doing)
    try {
      this.#link = await this.#open()
      this.#failures = 0
      return this.#link
    } catch (error) {
      this.#notBeforeMs = performance.now() + backOffMs(this.#failures++, backOff)
      throw translated(error, doing)
    }
  }

  async #open(): Promise<Link> {
    const { clientId, connection: options, signal } = this.#options
    const connection = new Connection(clientId, options)
    // The library emits what it also rejects with; unheard it would end the process.
    connection.on('error', () => undefined)
    try {
      await connection.connect(this.#address.host, this.#address.port)
      const { apiKeys } = await apiVersionsV3.api.async(connection, softwareName, '1')
      if (signal.aborted) throw kafkaError('CLOSED', 'connecting')
      const ranges = new Map(
        apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, [minVersion, maxVersion] as const])
      )
      return new Link(connection, ranges, signal)
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  async close(): Promise<void> {
    await this.#link?.close()
  }
}
