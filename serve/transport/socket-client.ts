import { WebSocket } from 'ws'

interface Message {
  type: string
  id?: string
  seq?: number
  token?: string
  retry_after_ms?: number
  /** Tests say what they expect. */
  payload?: any
}

/** The client's side of INTERFACES 5, for tests. */
export class SocketClient {
  readonly socket: WebSocket
  readonly received: Message[] = []
  readonly closed: Promise<{ code: number; reason: string }>
  private taken = 0
  private wake: () => void = () => undefined

  constructor(url: string, options: { headers?: Record<string, string>; origin?: string } = {}) {
    this.socket = new WebSocket(url, 'millrace.v1.json', options)
    this.socket.on('message', data => {
      this.received.push(JSON.parse(data.toString()))
      this.wake()
    })
    this.closed = new Promise(resolve =>
      this.socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
    )
    // What an error means to a client is told by its close code.
    this.socket.on('error', () => this.wake())
  }

  async open(): Promise<this> {
    await new Promise((resolve, reject) => this.socket.once('open', resolve).once('error', reject))
    return this
  }

  async init(token?: string): Promise<this> {
    await this.open()
    this.send({ type: 'connection_init', token })
    await this.message()
    return this
  }

  send(message: object | string): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message))
  }

  subscribe(id: string, payload: object): void {
    this.send({ type: 'subscribe', id, payload })
  }

  /** The next message not yet taken; rejected when none comes. */
  async message(withinMs = 3000): Promise<Message> {
    const endMs = performance.now() + withinMs
    while (this.received.length <= this.taken) {
      const leftMs = endMs - performance.now()
      if (leftMs <= 0) throw new TypeError(`no message within ${withinMs} ms`)
      await new Promise<void>(resolve => {
        this.wake = resolve
        setTimeout(resolve, leftMs)
      })
    }
    return this.received[this.taken++]
  }

  /** What has come and was not taken. */
  get waiting(): Message[] {
    return this.received.slice(this.taken)
  }
}
