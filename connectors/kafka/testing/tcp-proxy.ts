import { once } from 'node:events'
import { createConnection, createServer, type Socket } from 'node:net'

/** Stands between client and broker and breaks what a network breaks. */
export class TcpProxy {
  readonly #server
  readonly #sockets = new Set<Socket>()
  #targetPort = 0
  port = 0
  /** Called with each piece of an answer; false cuts the connection after `cutAt` bytes of it. */
  onAnswer: ((piece: Buffer) => { cutAt: number } | undefined) | undefined
  cuts = 0

  constructor() {
    this.#server = createServer(client => this.#connect(client))
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    this.port = typeof address === 'object' && address ? address.port : 0
    return this.port
  }

  forwardTo(port: number): void {
    this.#targetPort = port
  }

  #connect(client: Socket): void {
    const broker = createConnection(this.#targetPort, '127.0.0.1')
    for (const [one, other] of [
      [client, broker],
      [broker, client]
    ]) {
      this.#sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        this.#sockets.delete(one)
        other.destroy()
      })
    }
    client.on('data', piece => broker.write(piece))
    broker.on('data', piece => {
      const cut = this.onAnswer?.(piece)
      if (!cut) {
        client.write(piece)
        return
      }
      this.cuts++
      client.write(piece.subarray(0, cut.cutAt), () => client.destroy())
      broker.destroy()
    })
  }

  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  close(): void {
    this.cutAll()
    this.#server.close()
  }
}
