import { nodeHttp } from './node-http.ts'
import type { CreateTransport } from './transport.ts'
import { uwsTransport } from './uws.ts'
import { loadUws } from './uws-binding.ts'

/** `serve.transport`. Rejects with `transport_unavailable` where the chosen one cannot run. */
export async function chooseTransport(name: 'node' | 'uws'): Promise<CreateTransport> {
  return name === 'node' ? nodeHttp : uwsTransport(await loadUws())
}
