import { type Admission, type HttpApp, isAdmission, type Reply, type TransportLimits } from './transport.ts'
import type { UwsHead, UwsResponse } from './uws-binding.ts'
import { writeReply } from './uws-reply.ts'
import { UwsRequest } from './uws-request.ts'
import { UwsStream } from './uws-stream.ts'

/** How much of a refused body is read and thrown away, and for how long: the library resets the rest, and the reply with it. */
const lingerBytesMax = 8 << 20
const lingerMs = 2_000
/** A refused body up to this size does not cost its connection. */
const discardedBytesMax = 64 * 1024

/** What the exchanges of a server share. */
export interface UwsExchanges {
  readonly app: HttpApp
  readonly limits: TransportLimits
  readonly isDraining: boolean
  bodyBytesInFlight: number
  /** Under way: from the head to the end of the reply. */
  readonly open: Set<UwsExchange>
  ended(exchange: UwsExchange): void
}

/** One request and its reply. */
export class UwsExchange {
  readonly #shared: UwsExchanges
  readonly #response: UwsResponse
  readonly #request: UwsRequest
  #isOver = false
  #isWaiting = false
  /** Set while a body is read. */
  #admission: Admission | null = null
  #parts: Buffer[] = []
  #bytes = 0
  #stream: UwsStream | null = null

  constructor(shared: UwsExchanges, response: UwsResponse, head: UwsHead) {
    this.#shared = shared
    this.#response = response
    this.#request = new UwsRequest(response, head)
  }

  begin(): void {
    const { app, limits } = this.#shared
    const request = this.#request
    if (request.headBytes > limits.headerBytesMax) this.#send(app.refuse('headers_too_large'), true)
    else if (request.isAmbiguous) this.#send(app.refuse('malformed_request'), true)
    else this.#decide(app.admit(request))
  }

  #decide(decided: Reply | Admission): void {
    const { hasBody, announcedBytes = 0 } = this.#request
    if (!isAdmission(decided)) this.#refuse(decided)
    else if (!hasBody) this.#reply(decided.answer())
    else if (announcedBytes > decided.bodyBytesMax) this.#refuse(decided.failed('body_too_large'))
    else this.#read(decided)
  }

  #read(admission: Admission): void {
    this.#admission = admission
    this.#wait()
    this.#response.onData((chunk, isLast) => this.#take(chunk, isLast))
  }

  /** Gives up a body that has taken too long. */
  checkTime(nowMs: number): void {
    if (this.#admission === null || nowMs - this.#request.receivedMs < this.#shared.limits.requestTimeoutMs) return
    this.#release()
    this.#send(this.#shared.app.refuse('request_timeout'), true)
  }

  endStream(): void {
    this.#stream?.close()
  }

  #take(chunk: ArrayBuffer, isLast: boolean): void {
    const admission = this.#admission
    if (admission === null || this.#isOver) return
    this.#bytes += chunk.byteLength
    this.#shared.bodyBytesInFlight += chunk.byteLength
    if (this.#bytes > admission.bodyBytesMax) this.#refuse(admission.failed('body_too_large'), isLast)
    else if (this.#shared.bodyBytesInFlight > this.#shared.limits.bodyBytesInFlightMax)
      this.#refuse(admission.failed('overloaded'), isLast)
    else {
      // Copied, because the bytes are the library's and are taken back.
      if (chunk.byteLength > 0) this.#parts.push(Buffer.from(Buffer.from(chunk)))
      if (isLast) this.#answer(admission)
    }
  }

  #answer(admission: Admission): void {
    const parts = this.#parts
    if (parts.length > 0) this.#request.body = parts.length === 1 ? parts[0] : Buffer.concat(parts)
    this.#release()
    this.#reply(admission.answer())
  }

  /** The body is not read any further. */
  #release(): void {
    this.#shared.bodyBytesInFlight -= this.#bytes
    this.#bytes = 0
    this.#parts = []
    this.#admission = null
  }

  #reply(reply: Reply | Promise<Reply>): void {
    if (reply instanceof Promise) {
      this.#wait()
      void reply.then(one => this.#send(one))
    } else this.#send(reply)
  }

  /** Not answered in the turn of its head: the other side may leave before. */
  #wait(): void {
    if (this.#isWaiting) return
    this.#isWaiting = true
    this.#shared.open.add(this)
    this.#response.onAborted(() => {
      this.#release()
      this.#over()
      this.#stream?.aborted()
    })
  }

  #over(): void {
    this.#isOver = true
    if (this.#isWaiting) this.#shared.ended(this)
  }

  /**
   * A reply before the body was read. A small body is thrown away by the library and the connection lives on; of a large
   * one a bounded part is read before the reply ends the connection, since a reset would hide it.
   */
  #refuse(reply: Reply, isRead = false): void {
    const { announcedBytes = Number.POSITIVE_INFINITY } = this.#request
    this.#release()
    if (announcedBytes <= discardedBytesMax || isRead) this.#send(reply)
    else this.#linger(reply)
  }

  #linger(reply: Reply): void {
    this.#wait()
    let bytes = 0
    const timer = setTimeout(() => this.#send(reply, true), lingerMs)
    this.#response.onData((chunk, isLast) => {
      bytes += chunk.byteLength
      if (!isLast && bytes <= lingerBytesMax) return
      clearTimeout(timer)
      this.#send(reply, true)
    })
  }

  #send(reply: Reply, closes = this.#shared.isDraining): void {
    if (this.#isOver) return
    const { stream } = reply
    if (stream !== undefined) this.#wait()
    writeReply(this.#response, reply, { isHead: this.#request.method === 'HEAD', closes })
    if (stream === undefined) this.#over()
    else this.#stream = new UwsStream(this.#response, stream, () => this.#over())
  }
}
