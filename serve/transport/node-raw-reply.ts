import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Reply } from './transport.ts'

/** Writes a reply where there is no `ServerResponse` to write it with, and ends the connection. */
export function endWith(connection: Duplex, reply: Reply): void {
  if (!connection.writable) {
    connection.destroy()
    return
  }
  const lines = [`HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status] ?? ''}`]
  for (let i = 0; i < reply.headers.length; i += 2) lines.push(`${reply.headers[i]}: ${reply.headers[i + 1]}`)
  lines.push(`content-length: ${Buffer.byteLength(reply.body)}`, 'connection: close', '', '')
  connection.end(`${lines.join('\r\n')}${reply.body}`, () => connection.destroy())
}
