import type { IncomingMessage } from 'node:http'
import type { Request } from './transport.ts'

const noBytes = Buffer.alloc(0)

export class NodeRequest implements Request {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly receivedMs: number
  body: Buffer = noBytes
  private readonly message: IncomingMessage

  constructor(message: IncomingMessage) {
    this.receivedMs = performance.now()
    this.message = message
    this.method = message.method ?? ''
    const url = message.url ?? ''
    const mark = url.indexOf('?')
    this.path = mark < 0 ? url : url.slice(0, mark)
    this.query = mark < 0 ? '' : url.slice(mark + 1)
  }

  get ip(): string {
    return this.message.socket.remoteAddress ?? ''
  }

  header(name: string): string | undefined {
    const value = this.message.headers[name]
    return Array.isArray(value) ? value[0] : value
  }
}
