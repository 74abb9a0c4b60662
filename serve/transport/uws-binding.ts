import { MillraceError } from '../../engine/errors.ts'
import { defaultTransportLimits } from './transport.ts'

/** The part of uWebSockets.js 20 that is used. Buffers it hands out are its own: they are empty after the call. */
export interface Uws {
  App(): UwsApp
  us_listen_socket_close(listening: object): void
  us_socket_local_port(listening: object): number
  LIBUS_LISTEN_EXCLUSIVE_PORT: number
  /** `silent`: no header that names the library. */
  _cfg?(word: string): void
}

export interface UwsApp {
  /** +1 for each connection that begins, -1 for each that ends or becomes a WebSocket. */
  filter(seen: (response: UwsResponse, change: number) => void): UwsApp
  any(pattern: string, handler: (response: UwsResponse, head: UwsHead) => void): UwsApp
  ws<T>(pattern: string, behaviour: UwsBehaviour<T>): UwsApp
  listen(host: string, port: number, options: number, listening: (token: object | false) => void): UwsApp
  /** Ends every connection at once. */
  close(): UwsApp
}

/** Gone, and dangerous to touch, after `end`, `close` and `onAborted`. */
export interface UwsResponse {
  writeStatus(status: string): UwsResponse
  writeHeader(name: string, value: string): UwsResponse
  /** One chunk; false: more is buffered than the other side has taken. */
  write(chunk: string | Uint8Array): boolean
  end(body?: string | Uint8Array, closesConnection?: boolean): UwsResponse
  endWithoutBody(): UwsResponse
  close(): UwsResponse
  onWritable(handler: () => boolean): UwsResponse
  onAborted(handler: () => void): UwsResponse
  onData(handler: (chunk: ArrayBuffer, isLast: boolean) => void): UwsResponse
  getRemoteAddress(): ArrayBuffer
  /** What is written in `work` leaves in one piece. */
  cork(work: () => void): UwsResponse
  upgrade<T>(user: T, key: string, protocol: string, extensions: string, context: object): void
}

/** Readable during its handler only. */
export interface UwsHead {
  getUrl(): string
  getQuery(): string | undefined
  getCaseSensitiveMethod(): string
  getHeader(name: string): string
  forEach(each: (name: string, value: string) => void): void
}

export interface UwsBehaviour<T> {
  maxPayloadLength: number
  maxBackpressure: number
  closeOnBackpressureLimit: boolean
  idleTimeout: number
  sendPingsAutomatically: boolean
  upgrade(response: UwsResponse, head: UwsHead, context: object): void
  open(socket: UwsSocket<T>): void
  message(socket: UwsSocket<T>, message: ArrayBuffer, isBinary: boolean): void
  drain(socket: UwsSocket<T>): void
  pong(socket: UwsSocket<T>): void
  close(socket: UwsSocket<T>): void
}

export interface UwsSocket<T> {
  send(text: string): number
  ping(): number
  /** Runs the close handler before it returns, as `close` does. */
  end(code: number, reason: string): void
  close(): void
  getBufferedAmount(): number
  getUserData(): T
}

/** A name in a variable: the package is installed by those who choose it, and types of it may be missing. */
const packageName: string = 'uWebSockets.js'

/** Throws `transport_unavailable` where the package, or its build for this Node and platform, is not there. */
export async function loadUws(from = packageName): Promise<Uws> {
  // Read once, when the library is loaded: larger heads are answered with 431 before anybody sees them.
  process.env.UWS_HTTP_MAX_HEADERS_SIZE ??= String(defaultTransportLimits.headerBytesMax)
  try {
    const module = (await import(from)) as Uws & { default?: Uws }
    const uws = module.default ?? module
    uws._cfg?.('silent')
    return uws
  } catch (cause) {
    const here = `Node ${process.versions.node} on ${process.platform}-${process.arch}`
    throw new MillraceError(
      'transport_unavailable',
      'stop',
      `uWebSockets.js cannot be loaded by ${here}: install a release of it that was built for them, or set serve.transport to node.`,
      { cause }
    )
  }
}
