import { cannotListen } from './cannot-listen.ts'
import {
  type CreateTransport,
  defaultTransportLimits,
  type HttpApp,
  type Transport,
  type TransportLimits
} from './transport.ts'
import type { Uws, UwsApp, UwsResponse } from './uws-binding.ts'
import { UwsExchange, type UwsExchanges } from './uws-exchange.ts'
import { UwsSockets } from './uws-sockets.ts'

/** How long replies that are written may take to leave before their connections are cut. */
const settleMs = 500

/**
 * The transport over uWebSockets.js, which reads heads itself: its own times hold for them and for idle connections (10 s
 * instead of `headersTimeoutMs` and `keepAliveMs`), and what is no request is answered in its words or not at all.
 */
export function uwsTransport(uws: Uws): CreateTransport {
  return (app, given = {}) => new UwsServer(uws, app, { ...defaultTransportLimits, ...given })
}

class UwsServer implements Transport, UwsExchanges {
  readonly app: HttpApp
  readonly limits: TransportLimits
  isDraining = false
  bodyBytesInFlight = 0
  readonly open = new Set<UwsExchange>()
  readonly #uws: Uws
  readonly #native: UwsApp
  readonly #sockets: UwsSockets
  readonly #watch: NodeJS.Timeout
  #connections = 0
  #listening: object | null = null
  /** Wakes who waits for fewer exchanges or connections. */
  #changed: () => void = () => undefined

  constructor(uws: Uws, app: HttpApp, limits: TransportLimits) {
    this.#uws = uws
    this.app = app
    this.limits = limits
    this.#native = uws.App()
    this.#native.filter((response, change) => this.#count(response, change))
    this.#sockets = new UwsSockets(this.#native, app, limits, () => this.#changed())
    this.#native.any('/*', (response, head) => new UwsExchange(this, response, head).begin())
    this.#watch = setInterval(() => this.#watchBodies(), Math.min(1000, limits.requestTimeoutMs / 4))
    this.#watch.unref()
  }

  async listen(at: { host: string; port: number }): Promise<number> {
    this.#native.listen(at.host, at.port, this.#uws.LIBUS_LISTEN_EXCLUSIVE_PORT, token => {
      this.#listening = token === false ? null : token
    })
    if (this.#listening !== null) return this.#uws.us_socket_local_port(this.#listening)
    this.#stop()
    throw cannotListen(at)
  }

  async drain(graceMs: number): Promise<void> {
    this.isDraining = true
    if (this.#listening !== null) this.#uws.us_listen_socket_close(this.#listening)
    this.#listening = null
    const endMs = performance.now() + graceMs
    await this.#until(() => this.open.size === 0 && this.#sockets.size === 0, graceMs)
    for (const exchange of this.open) exchange.endStream()
    await this.#until(() => this.#connections === 0, Math.min(settleMs, endMs - performance.now()))
    this.#stop()
    this.#native.close()
  }

  ended(exchange: UwsExchange): void {
    this.open.delete(exchange)
    this.#changed()
  }

  #count(response: UwsResponse, change: number): void {
    this.#connections += change
    if (change > 0 && this.#connections + this.#sockets.size > this.limits.connectionsMax) response.close()
    this.#changed()
  }

  /** Resolves when `holds`, at the latest after `waitMs`. */
  async #until(holds: () => boolean, waitMs: number): Promise<void> {
    const endMs = performance.now() + waitMs
    while (!holds()) {
      const leftMs = endMs - performance.now()
      if (leftMs <= 0) return
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, leftMs)
        this.#changed = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  #watchBodies(): void {
    const nowMs = performance.now()
    for (const exchange of this.open) exchange.checkTime(nowMs)
  }

  #stop(): void {
    clearInterval(this.#watch)
    this.#sockets.stop()
  }
}
