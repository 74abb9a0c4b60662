import type { Malformed } from './malformed-requests.ts'
import { RawConnection } from './raw-http.ts'

export function bytesOf(one: Malformed): string {
  const bytes = Buffer.from(one.body)
  const hasBody = !['GET', 'HEAD', 'OPTIONS'].includes(one.method)
  const lines = [
    `${one.method} ${one.path}${one.query === '' ? '' : `?${one.query}`} HTTP/1.1`,
    'Host: localhost',
    ...Object.entries(one.headers).map(([name, text]) => `${name}: ${text}`)
  ]
  if (one.type !== '') lines.push(`Content-Type: ${one.type}`)
  if (hasBody) lines.push(`Content-Length: ${bytes.length}`)
  return `${lines.join('\r\n')}\r\n\r\n${hasBody ? bytes.toString('latin1') : ''}`
}

/** One request after the other on one connection; a new one where the server closed it. */
export class MalformedClient {
  private connection: RawConnection | null = null
  private readonly port: number

  constructor(port: number) {
    this.port = port
  }

  async ask(one: Malformed): Promise<{ status: number; text: string }> {
    if (this.connection === null || this.connection.isClosed) this.connection = new RawConnection(this.port)
    const { connection } = this
    connection.received = ''
    connection.socket.write(bytesOf(one), 'latin1')
    const head = await connection.until(/\r\n\r\n/)
    const end = head.indexOf('\r\n\r\n') + 4
    const length = one.method === 'HEAD' ? 0 : Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
    await connection.until(() => connection.received.length >= end + length)
    const text = connection.received.slice(end)
    if (/connection: close/i.test(head)) connection.socket.destroy()
    return { status: Number(head.slice(9, 12)), text }
  }

  close(): void {
    this.connection?.socket.destroy()
  }
}

/** What a request may be answered with, and that it says why. */
export function isFine({ status, text }: { status: number; text: string }, { method }: Malformed): boolean {
  if (status >= 200 && status < 400) return true
  if (status < 400 || status >= 500) return false
  if (method === 'HEAD') return true
  const problem = JSON.parse(text)
  return problem.status === status && typeof problem.code === 'string' && problem.detail.length > 0
}
