/**
 * What an HTTP and WebSocket server has to offer, and what it asks of the application behind it. `node-http.ts` is one;
 * every other passes `transport-contract.ts`.
 */
export interface Request {
  readonly method: string
  /** As sent: percent-encoded, without the query. */
  readonly path: string
  /** As sent, without the `?`. */
  readonly query: string
  readonly ip: string
  /** When the head had arrived, on the clock of `performance.now()`. */
  readonly receivedMs: number
  /** Empty until all of it has arrived. */
  readonly body: Buffer
  /** By lower-case name. */
  header(name: string): string | undefined
}

export interface Reply {
  status: number
  /** Name, value, name, value …; `content-length` and `date` are the transport's. */
  headers: string[]
  body: string | Buffer
  /** Keeps the reply open: `body` is sent, then what the application sends through the channel. */
  stream?: (channel: Channel) => ChannelListener
}

/** Why a request could not be read to its end; the transport asks the application for the words. */
export type TransportProblem =
  | 'malformed_request'
  | 'request_timeout'
  | 'headers_too_large'
  | 'body_too_large'
  | 'overloaded'

/** A request whose head was accepted. */
export interface Admission {
  readonly bodyBytesMax: number
  /** Called once all of the body is there. Never throws or rejects. */
  answer(): Reply | Promise<Reply>
  failed(problem: TransportProblem): Reply
}

/** A way to send texts for as long as both sides like. */
export interface Channel {
  send(text: string): void
  /** Sent, but not yet taken by the other side. */
  readonly bufferedBytes: number
  /** Tells the other side why, in order behind what was sent; gives up after a second. Server-sent events have no code. */
  close(code: number, reason: string): void
}

export interface ChannelListener {
  message(text: string): void
  /** `bufferedBytes` is 0 again. */
  drained(): void
  /** Once, whoever closed. */
  closed(): void
}

export interface SocketApp {
  /** Chosen when offered; a client that offers only others is refused. */
  readonly subprotocol: string
  readonly messageBytesMax: number
  /** On the head of the upgrade: a reply refuses it. */
  refuse(request: Request): Reply | null
  /** A message that is not text closes with `badMessageCode`. */
  readonly badMessageCode: number
  open(channel: Channel, request: Request): ChannelListener
}

export interface HttpApp {
  /** Decides on the head alone, before the body is read: a reply at once, or how much of a body is read. Never throws. */
  admit(request: Request): Reply | Admission
  /** For what was no request at all. */
  refuse(problem: TransportProblem): Reply
  readonly sockets: SocketApp | null
}

export interface TransportLimits {
  headerBytesMax: number
  /** From the first byte of a request to the end of its head. */
  headersTimeoutMs: number
  /** From the first byte to the last. */
  requestTimeoutMs: number
  /** An idle connection is kept so long. */
  keepAliveMs: number
  /** A connection on which nothing moves while a reply is being sent. */
  stalledMs: number
  connectionsMax: number
  /** All request bodies being read, together; above it 429. */
  bodyBytesInFlightMax: number
  /** Between protocol-level pings of WebSockets; unanswered ones end the connection. */
  heartbeatMs: number
}

export const defaultTransportLimits: TransportLimits = {
  headerBytesMax: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveMs: 65_000,
  stalledMs: 60_000,
  connectionsMax: 10_000,
  bodyBytesInFlightMax: 64 << 20,
  heartbeatMs: 30_000
}

export interface Transport {
  /** Returns the port, which matters for port 0. */
  listen(options: { host: string; port: number }): Promise<number>
  /** Takes no new connections, lets requests in flight end, ends the rest after `graceMs`. */
  drain(graceMs: number): Promise<void>
}

export type CreateTransport = (app: HttpApp, limits?: Partial<TransportLimits>) => Transport

export function isAdmission(decided: Reply | Admission): decided is Admission {
  return 'answer' in decided
}
