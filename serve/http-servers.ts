import { nodeHttp } from './transport/node-http.ts'
import type { CreateTransport, HttpApp, Transport } from './transport/transport.ts'

/** The ports of a process. */
export class HttpServers {
  readonly #servers: Transport[] = []

  /** The address under which `app` answers. */
  async listen(app: HttpApp, at: { host: string; port: number }, create: CreateTransport = nodeHttp): Promise<string> {
    const server = create(app)
    const port = await server.listen(at)
    this.#servers.push(server)
    return `http://${at.host.includes(':') ? `[${at.host}]` : at.host}:${port}`
  }

  async drain(graceMs: number): Promise<void> {
    await Promise.all(this.#servers.map(server => server.drain(graceMs)))
  }
}
