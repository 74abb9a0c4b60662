import type { Server } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import { endWith } from './node-raw-reply.ts'
import { NodeRequest } from './node-request.ts'
import type { Channel, HttpApp, SocketApp, TransportLimits } from './transport.ts'

/** How long a closing handshake may take before the connection is cut. */
const closeGraceMs = 1000
const internalErrorCode = 1011

/** Whether the last ping is still unanswered. */
type OpenSockets = Map<WebSocket, boolean>

export interface Sockets {
  terminate(): void
}

/** WebSockets over `ws`, without compression: it would cost more memory and CPU than the small lists are worth. */
export function acceptSockets(server: Server, app: HttpApp, limits: TransportLimits): Sockets {
  const sockets = app.sockets
  const open: OpenSockets = new Map()
  if (sockets !== null) accept(server, app, sockets, open)
  const heart = setInterval(() => beat(open), limits.heartbeatMs)
  heart.unref()
  server.once('close', () => clearInterval(heart))
  return {
    terminate: () => {
      for (const socket of open.keys()) socket.terminate()
    }
  }
}

function accept(server: Server, app: HttpApp, sockets: SocketApp, open: OpenSockets): void {
  const acceptor = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: sockets.messageBytesMax,
    perMessageDeflate: false,
    handleProtocols: offered => (offered.has(sockets.subprotocol) ? sockets.subprotocol : false)
  })
  acceptor.on('wsClientError', (_error, duplex) => endWith(duplex, app.refuse('malformed_request')))
  server.on('upgrade', (message, duplex, head) => {
    const socketFailed = () => duplex.destroy()
    duplex.on('error', socketFailed)
    const request = new NodeRequest(message)
    const offered = request.header('sec-websocket-protocol')
    const refusal = sockets.refuse(request)
    if (refusal !== null) endWith(duplex, refusal)
    else if (offered !== undefined && !offered.split(',').some(one => one.trim() === sockets.subprotocol)) {
      endWith(duplex, app.refuse('malformed_request'))
    } else {
      acceptor.handleUpgrade(message, duplex, head, socket => {
        duplex.off('error', socketFailed)
        serve(sockets, socket, request, open)
      })
    }
  })
}

/** Every open socket: pinged, and cut when the last ping was not answered. */
function beat(open: OpenSockets): void {
  for (const [socket, isUnanswered] of open) {
    if (isUnanswered) socket.terminate()
    else {
      open.set(socket, true)
      socket.ping()
    }
  }
}

function serve(sockets: SocketApp, socket: WebSocket, request: NodeRequest, open: OpenSockets): void {
  open.set(socket, false)
  const channel = new SocketChannel(socket)
  const listener = sockets.open(channel, request)
  channel.onDrained = () => listener.drained()
  socket.on('pong', () => open.has(socket) && open.set(socket, false))
  socket.on('message', (data, isBinary) => {
    if (socket.readyState !== socket.OPEN) return
    if (isBinary) channel.close(sockets.badMessageCode, 'Send text, not bytes')
    else listener.message(data.toString())
  })
  // A protocol error (too large, not UTF-8): ws has already sent the close frame. 'close' follows.
  socket.on('error', () => channel.cutSoon())
  socket.on('close', () => {
    open.delete(socket)
    channel.onDrained = null
    listener.closed()
  })
}

class SocketChannel implements Channel {
  onDrained: (() => void) | null = null
  private readonly socket: WebSocket
  private readonly sent: () => void

  constructor(socket: WebSocket) {
    this.socket = socket
    this.sent = () => {
      if (this.socket.bufferedAmount === 0) this.onDrained?.()
    }
  }

  get bufferedBytes(): number {
    return this.socket.bufferedAmount
  }

  send(text: string): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(text, this.sent)
  }

  close(code: number, reason: string): void {
    // RFC 6455, 5.5: a control frame holds at most 125 bytes, two of them the code.
    const short = Buffer.byteLength(reason) <= 123 ? reason : Buffer.from(reason).subarray(0, 120).toString('latin1')
    this.socket.close(code >= 1000 ? code : internalErrorCode, short)
    this.cutSoon()
  }

  cutSoon(): void {
    setTimeout(() => this.socket.terminate(), closeGraceMs).unref()
  }
}
