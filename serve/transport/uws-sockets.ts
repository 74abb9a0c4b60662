import type { Channel, ChannelListener, HttpApp, Reply, SocketApp, TransportLimits } from './transport.ts'
import type { UwsApp, UwsBehaviour, UwsSocket } from './uws-binding.ts'
import { writeReply } from './uws-reply.ts'
import { UwsRequest } from './uws-request.ts'

const internalErrorCode = 1011
const tooBigCode = 1009
/** Messages so much too long are still told why; longer ones end the connection without a word. */
const explainedBytes = 64 * 1024
/** The application drops a slow reader long before; this is the end of what one may cost. */
const unreadBytesMax = 64 << 20

/** The library copies what is in the object it is given. */
interface User {
  channel: UwsChannel
}
type Socket = UwsSocket<User>

/** WebSockets, without compression: it would cost more memory and CPU than the small lists are worth. */
export class UwsSockets {
  readonly #open = new Set<UwsChannel>()
  readonly #heart: NodeJS.Timeout
  readonly #changed: () => void

  /** `changed` is called whenever one begins or ends. */
  constructor(native: UwsApp, app: HttpApp, limits: TransportLimits, changed: () => void) {
    this.#changed = changed
    if (app.sockets !== null) native.ws('/*', this.#behaviour(app, app.sockets))
    this.#heart = setInterval(() => this.#beat(), limits.heartbeatMs)
    this.#heart.unref()
  }

  get size(): number {
    return this.#open.size
  }

  stop(): void {
    clearInterval(this.#heart)
  }

  #behaviour(app: HttpApp, sockets: SocketApp): UwsBehaviour<User> {
    return {
      maxPayloadLength: sockets.messageBytesMax + explainedBytes,
      maxBackpressure: unreadBytesMax,
      closeOnBackpressureLimit: true,
      idleTimeout: 0,
      sendPingsAutomatically: false,
      upgrade: (response, head, context) => {
        const request = new UwsRequest(response, head)
        const offered = request.header('sec-websocket-protocol')
        const isOffered = offered?.split(',').some(one => one.trim() === sockets.subprotocol)
        const refusal: Reply | null =
          sockets.refuse(request) ?? (isOffered === false ? app.refuse('malformed_request') : null)
        if (refusal !== null) {
          writeReply(response, refusal, { isHead: false, closes: true })
          return
        }
        const channel = new UwsChannel(sockets, request)
        const key = head.getHeader('sec-websocket-key')
        response.upgrade({ channel }, key, isOffered ? sockets.subprotocol : '', '', context)
      },
      open: socket => this.#begin(socket),
      message: (socket, message, isBinary) => socket.getUserData().channel.heard(message, isBinary),
      drain: socket => socket.getUserData().channel.drained(),
      pong: socket => {
        socket.getUserData().channel.isUnanswered = false
      },
      close: socket => this.#end(socket.getUserData().channel)
    }
  }

  #begin(socket: Socket): void {
    const channel = socket.getUserData().channel
    this.#open.add(channel)
    this.#changed()
    channel.begin(socket)
  }

  #end(channel: UwsChannel): void {
    channel.gone()
    this.#open.delete(channel)
    this.#changed()
  }

  /** Every open socket: pinged, and cut when the last ping was not answered. */
  #beat(): void {
    for (const channel of this.#open) channel.beat()
  }
}

class UwsChannel implements Channel {
  isUnanswered = false
  readonly #sockets: SocketApp
  readonly #request: UwsRequest
  #socket: Socket | null = null
  #listener: ChannelListener | null = null
  #tellsDrained = false

  constructor(sockets: SocketApp, request: UwsRequest) {
    this.#sockets = sockets
    this.#request = request
  }

  begin(socket: Socket): void {
    this.#socket = socket
    this.#listener = this.#sockets.open(this, this.#request)
  }

  get bufferedBytes(): number {
    return this.#socket?.getBufferedAmount() ?? 0
  }

  send(text: string): void {
    this.#socket?.send(text)
    this.drained()
  }

  close(code: number, reason: string): void {
    // RFC 6455, 5.5: a control frame holds at most 125 bytes, two of them the code.
    const short = Buffer.byteLength(reason) <= 123 ? reason : Buffer.from(reason).subarray(0, 120).toString('latin1')
    this.#socket?.end(code >= 1000 ? code : internalErrorCode, short)
  }

  heard(message: ArrayBuffer, isBinary: boolean): void {
    if (message.byteLength > this.#sockets.messageBytesMax) this.close(tooBigCode, 'The message is too long')
    else if (isBinary) this.close(this.#sockets.badMessageCode, 'Send text, not bytes')
    else this.#listener?.message(Buffer.from(message).toString())
  }

  /** Once for all that was sent in one turn of the event loop. */
  drained(): void {
    if (this.#tellsDrained || this.#socket === null) return
    this.#tellsDrained = true
    setImmediate(() => {
      this.#tellsDrained = false
      if (this.#socket !== null && this.bufferedBytes === 0) this.#listener?.drained()
    })
  }

  beat(): void {
    if (this.isUnanswered) this.#socket?.close()
    else {
      this.isUnanswered = true
      this.#socket?.ping()
    }
  }

  /** Told later, because the listener may be the one who closes, or not be there yet. */
  gone(): void {
    this.#socket = null
    setImmediate(() => this.#listener?.closed())
  }
}
