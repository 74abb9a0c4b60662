import type { Channel, ChannelListener } from './transport.ts'
import type { UwsResponse } from './uws-binding.ts'

/** How long a reader may take for the rest of a stream that was closed. */
const closeGraceMs = 1000

/** A reply that goes on, in chunks. */
export class UwsStream implements Channel {
  /** An upper bound: what was sent since everything had been taken. */
  bufferedBytes = 0
  readonly #response: UwsResponse
  readonly #listener: ChannelListener
  readonly #ended: () => void
  #isOver = false
  #isClosing = false

  /** `ended` is told when the stream ends from this side. */
  constructor(response: UwsResponse, open: (channel: Channel) => ChannelListener, ended: () => void) {
    this.#response = response
    this.#ended = ended
    response.onWritable(() => this.#writable())
    this.#listener = open(this)
  }

  send(text: string): void {
    if (this.#isOver || this.#isClosing) return
    let isTaken = true
    this.#response.cork(() => {
      isTaken = this.#response.write(text)
    })
    if (!isTaken) this.bufferedBytes += Buffer.byteLength(text)
  }

  close(): void {
    if (this.#isOver || this.#isClosing) return
    this.#isClosing = true
    if (this.bufferedBytes === 0) this.#end()
    else setTimeout(() => this.#isOver || this.#response.close(), closeGraceMs).unref()
  }

  /** The reader has left, or was cut. */
  aborted(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.bufferedBytes = 0
    this.#tell()
  }

  #writable(): boolean {
    this.bufferedBytes = 0
    if (this.#isClosing) this.#end()
    else this.#listener.drained()
    return true
  }

  #end(): void {
    this.#isOver = true
    this.#response.cork(() => this.#response.end())
    this.#ended()
    this.#tell()
  }

  /** Later, because the listener may be the one who closes, or not be there yet. */
  #tell(): void {
    setImmediate(() => this.#listener.closed())
  }
}
