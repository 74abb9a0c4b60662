import { connect, type Socket } from 'node:net'

/**
 * A load generator's end of one kept-alive connection: requests are bytes made before, replies are found by their length.
 * Costs about 15 µs per request, so that a generator on one core can load a server on the other.
 */
export class RawClient {
  readonly #socket: Socket
  #waiting: ((status: number, body: Buffer) => void)[] = []
  #buffer: Buffer = Buffer.alloc(0)

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', bytes => this.#receive(bytes as Buffer))
  }

  static open(url: string): Promise<RawClient> {
    const { hostname, port } = new URL(url)
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => resolve(new RawClient(socket)))
      socket.once('error', reject)
    })
  }

  send(request: Buffer, done: (status: number, body: Buffer) => void): void {
    this.#waiting.push(done)
    this.#socket.write(request)
  }

  ask(request: Buffer): Promise<{ status: number; body: Buffer }> {
    return new Promise(resolve => this.send(request, (status, body) => resolve({ status, body: Buffer.from(body) })))
  }

  close(): void {
    this.#socket.destroy()
  }

  #receive(bytes: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes])
    for (;;) {
      const headEnd = this.#buffer.indexOf('\r\n\r\n')
      if (headEnd < 0) return
      const head = this.#buffer.toString('latin1', 0, headEnd)
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
      const end = headEnd + 4 + length
      if (this.#buffer.length < end) return
      const body = this.#buffer.subarray(headEnd + 4, end)
      this.#buffer = this.#buffer.subarray(end)
      this.#waiting.shift()?.(Number(head.slice(9, 12)), body)
    }
  }
}

export function postRequest(path: string, body: unknown): Buffer {
  const json = JSON.stringify(body)
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(json)}\r\n\r\n${json}`
  )
}

export function getRequest(path: string): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`)
}
