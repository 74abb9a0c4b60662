import { connect, type Socket } from 'node:net'

/** Bytes over a plain connection, for what no HTTP client would send. */
export class RawConnection {
  readonly socket: Socket
  received = ''
  isClosed = false
  private readonly waiting = new Set<() => void>()

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.setNoDelay()
    this.socket.on('data', data => {
      this.received += data.latin1Slice()
      this.wake()
    })
    // A reset is one way for the other side to close.
    this.socket.on('error', () => this.wake())
    this.socket.on('close', () => {
      this.isClosed = true
      this.wake()
    })
  }

  send(text: string): void {
    if (!this.socket.destroyed) this.socket.write(text)
  }

  /** Resolves with what has arrived once it matches, or the connection is closed. */
  async until(pattern: RegExp | (() => boolean)): Promise<string> {
    const holds = pattern instanceof RegExp ? () => pattern.test(this.received) : pattern
    while (!holds() && !this.isClosed) await this.news()
    return this.received
  }

  async untilClosed(): Promise<string> {
    while (!this.isClosed) await this.news()
    return this.received
  }

  private news(): Promise<void> {
    return new Promise(resolve => this.waiting.add(resolve))
  }

  private wake(): void {
    const all = [...this.waiting]
    this.waiting.clear()
    for (const resolve of all) resolve()
  }
}

export function head(lines: string[], body = ''): string {
  return [...lines, '', body].join('\r\n')
}
