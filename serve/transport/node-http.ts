import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { cannotListen } from './cannot-listen.ts'
import { endWith } from './node-raw-reply.ts'
import { NodeRequest } from './node-request.ts'
import { acceptSockets, type Sockets } from './node-sockets.ts'
import {
  type Admission,
  type Channel,
  type ChannelListener,
  defaultTransportLimits,
  type HttpApp,
  isAdmission,
  type Reply,
  type Transport,
  type TransportLimits,
  type TransportProblem
} from './transport.ts'

/** How much of a refused body is read and thrown away so that the caller sees the reply, and for how long. */
const lingerBytesMax = 1 << 20
const lingerMs = 500
/** A refused body up to this size does not cost its connection. */
const discardedBytesMax = 64 * 1024

/** The transport over `node:http` and `ws`. */
export function nodeHttp(app: HttpApp, given: Partial<TransportLimits> = {}): Transport {
  const limits = { ...defaultTransportLimits, ...given }
  const server = createServer({
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: Math.min(1000, limits.headersTimeoutMs),
    noDelay: true
  })
  server.maxConnections = limits.connectionsMax
  server.timeout = limits.stalledMs
  const exchanges = new Exchanges(app, limits)
  server.on('request', (message, response) => exchanges.begin(message, response, false))
  server.on('checkContinue', (message, response) => exchanges.begin(message, response, true))
  server.on('clientError', (error, socket) => exchanges.unreadable(error, socket))
  const sockets = acceptSockets(server, app, limits)
  return { listen: options => listen(server, options), drain: graceMs => drain(server, exchanges, sockets, graceMs) }
}

function listen(server: Server, options: { host: string; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    const refused = (cause: Error) => reject(cannotListen(options, cause))
    server.once('error', refused)
    server.listen(options.port, options.host, () => {
      server.off('error', refused)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

async function drain(server: Server, exchanges: Exchanges, sockets: Sockets, graceMs: number): Promise<void> {
  exchanges.isDraining = true
  const stopped = new Promise<void>(resolve => server.close(() => resolve()))
  server.closeIdleConnections()
  const deadline = setTimeout(() => {
    sockets.terminate()
    exchanges.endStreams()
    server.closeAllConnections()
  }, graceMs)
  await stopped
  clearTimeout(deadline)
}

/** What is asked and answered on all connections. */
class Exchanges {
  isDraining = false
  private bodyBytesInFlight = 0
  private readonly app: HttpApp
  private readonly limits: TransportLimits
  /** Sockets with a request that has no reply yet: a parse error on them has a reply to give. */
  private readonly pending = new Map<object, ServerResponse>()
  private readonly streams = new Set<ServerResponse>()

  constructor(app: HttpApp, limits: TransportLimits) {
    this.app = app
    this.limits = limits
  }

  begin(message: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    const request = new NodeRequest(message)
    const decided = this.app.admit(request)
    if (!isAdmission(decided)) {
      this.refuse(message, response, decided)
      return
    }
    const announced = message.headers['content-length']
    if (announced === undefined && message.headers['transfer-encoding'] === undefined) {
      this.reply(message, response, decided.answer())
      return
    }
    if (announced !== undefined && Number(announced) > decided.bodyBytesMax) {
      this.refuse(message, response, decided.failed('body_too_large'))
      return
    }
    if (expectsContinue) response.writeContinue()
    this.read(request, message, response, decided)
  }

  /** Collects the body, at most as much as was admitted. */
  private read(request: NodeRequest, message: IncomingMessage, response: ServerResponse, admission: Admission): void {
    let first: Buffer | null = null
    let rest: Buffer[] | null = null
    let bytes = 0
    let isRefused = false
    const release = () => {
      this.bodyBytesInFlight -= bytes
      bytes = 0
    }
    const refuse = (problem: TransportProblem) => {
      isRefused = true
      first = rest = null
      // node:http does not promise a 'close' for a request that was answered early.
      release()
      this.refuse(message, response, admission.failed(problem))
    }
    const socket = message.socket
    this.pending.set(socket, response)
    message.on('data', (chunk: Buffer) => {
      if (isRefused) return
      bytes += chunk.length
      this.bodyBytesInFlight += chunk.length
      if (bytes > admission.bodyBytesMax) refuse('body_too_large')
      else if (this.bodyBytesInFlight > this.limits.bodyBytesInFlightMax) refuse('overloaded')
      else if (first === null) first = chunk
      else if (rest === null) rest = [first, chunk]
      else rest.push(chunk)
    })
    message.on('end', () => {
      if (isRefused) return
      request.body = rest !== null ? Buffer.concat(rest) : (first ?? request.body)
      this.reply(message, response, admission.answer())
    })
    message.on('close', () => {
      release()
      this.pending.delete(socket)
    })
    message.on('error', () => {
      // The connection broke: there is nobody to tell. 'close' follows.
      isRefused = true
    })
  }

  private reply(message: IncomingMessage, response: ServerResponse, reply: Reply | Promise<Reply>): void {
    if (reply instanceof Promise) void reply.then(one => this.send(message, response, one))
    else this.send(message, response, reply)
  }

  private send(message: IncomingMessage, response: ServerResponse, reply: Reply): void {
    if (response.destroyed) return
    this.pending.delete(message.socket)
    const { headers, body } = reply
    if (this.isDraining) headers.push('connection', 'close')
    if (reply.stream !== undefined) {
      this.stream(response, reply, reply.stream)
      return
    }
    headers.push('content-length', String(typeof body === 'string' ? Buffer.byteLength(body) : body.length))
    response.writeHead(reply.status, headers)
    response.end(body)
  }

  /**
   * A reply before the body was read. A small body is thrown away by node:http and the connection lives on; of a large
   * one a bounded part is read, since a reset would hide the reply, and the connection ends.
   */
  private refuse(message: IncomingMessage, response: ServerResponse, reply: Reply): void {
    const { 'content-length': announced, 'transfer-encoding': coding, expect } = message.headers
    const isSmall = coding === undefined && expect === undefined && Number(announced ?? 0) <= discardedBytesMax
    if (isSmall || message.complete) {
      this.send(message, response, reply)
      return
    }
    if (response.destroyed || response.headersSent) return
    this.pending.delete(message.socket)
    const length = typeof reply.body === 'string' ? Buffer.byteLength(reply.body) : reply.body.length
    response.writeHead(reply.status, [...reply.headers, 'content-length', String(length), 'connection', 'close'])
    response.write(reply.body)
    let bytes = 0
    const end = () => {
      clearTimeout(timer)
      response.end()
    }
    const timer = setTimeout(end, lingerMs)
    message.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > lingerBytesMax) end()
    })
    message.on('end', end)
    message.on('close', end)
    message.resume()
  }

  private stream(response: ServerResponse, reply: Reply, open: (channel: Channel) => ChannelListener): void {
    response.writeHead(reply.status, reply.headers)
    response.write(reply.body)
    this.streams.add(response)
    const channel: Channel = {
      send: text => void response.write(text),
      get bufferedBytes() {
        return response.writableLength
      },
      close: () => {
        response.end()
        setTimeout(() => response.destroy(), 1000).unref()
      }
    }
    const listener = open(channel)
    response.on('drain', () => listener.drained())
    response.on('error', () => response.destroy())
    response.on('close', () => {
      this.streams.delete(response)
      listener.closed()
    })
  }

  endStreams(): void {
    for (const response of this.streams) response.end()
  }

  /** The bytes on a connection are no request, or came too slowly. */
  unreadable(error: Error & { code?: string }, socket: Duplex): void {
    const response = this.pending.get(socket)
    if (!socket.writable || error.code === 'ECONNRESET' || response?.headersSent) {
      socket.destroy()
      return
    }
    endWith(socket, this.app.refuse(problemOf(error.code)))
  }
}

function problemOf(code: string | undefined): TransportProblem {
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers_too_large'
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'request_timeout' : 'malformed_request'
}
