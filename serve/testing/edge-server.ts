import { Ajv2020 } from 'ajv/dist/2020.js'
import type { SchemaName } from '../../schemas/http-schemas.ts'
import { openApiDocument } from '../../schemas/openapi.ts'
import type { Incident } from '../http/app.ts'
import { createEdge, type EdgeOptions } from '../http/edge.ts'
import { createMetrics } from '../metrics.ts'
import { chooseTransport } from '../transport/choose-transport.ts'
import { nodeHttp } from '../transport/node-http.ts'
import type { TransportLimits } from '../transport/transport.ts'
import { SmallShop } from './small-shop.ts'

type Given = Partial<EdgeOptions> & { transport?: Partial<TransportLimits> }

export interface Asked {
  status: number
  headers: Headers
  /** Tests say what they expect. */
  body: any
}

export interface Ask {
  method?: string
  body?: unknown
  headers?: Record<string, string>
  /** The document is not about the admin port. */
  isAdmin?: boolean
}

/**
 * A real server on a loopback port, in front of a small shop; stopped when the test is over. Served with uWebSockets.js
 * where uws.integration.test.ts runs the test.
 */
export async function startEdge(t: { teardown(stop: () => Promise<void>): void }, given: Given = {}) {
  const shop = new SmallShop()
  const metrics = createMetrics({ version: 'test' })
  const incidents: Incident[] = []
  const { transport, ...options } = given
  const edge = createEdge({
    ingest: shop,
    erasures: shop,
    recommender: shop,
    freshness: shop,
    changes: shop,
    metrics,
    version: 'test',
    auth: { keys: [] },
    eventMaxAgeMs: 2 * 365 * 86_400_000,
    onIncident: incident => incidents.push(incident),
    ...options
  })
  const create = await chooseTransport(process.env.UWS_LIBRARY === undefined ? 'node' : 'uws')
  const server = create(edge.app, transport)
  const admin = nodeHttp(edge.admin)
  const port = await server.listen({ host: '127.0.0.1', port: 0 })
  const adminPort = await admin.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${port}`
  const stop = async () => {
    edge.close()
    metrics.close()
    await Promise.all([server.drain(0), admin.drain(0)])
  }
  t.teardown(stop)
  return {
    shop,
    edge,
    server,
    incidents,
    url,
    port,
    socketUrl: `ws://127.0.0.1:${port}/v1/ws`,
    ask: (path: string, how: Ask = {}) => ask(url + path, how),
    askAdmin: (path: string, how: Ask = {}) => ask(`http://127.0.0.1:${adminPort}${path}`, { ...how, isAdmin: true }),
    stop
  }
}

export type EdgeServer = Awaited<ReturnType<typeof startEdge>>

/** Objects are sent as JSON; a JSON answer is read, and checked against the published document. */
async function ask(url: string, { method, body, headers = {}, isAdmin = false }: Ask): Promise<Asked> {
  const isText = typeof body === 'string' || body instanceof Uint8Array
  const type: Record<string, string> =
    body === undefined || 'content-type' in headers ? {} : { 'content-type': 'application/json' }
  const response = await fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { ...type, ...headers },
    ...(body === undefined ? {} : { body: isText ? (body as string) : JSON.stringify(body) })
  })
  const text = await response.text()
  const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== ''
  const read = isJson ? JSON.parse(text) : text
  if (!isAdmin) checkPublished(new URL(url).pathname, method ?? (body === undefined ? 'GET' : 'POST'), response, read)
  return { status: response.status, headers: response.headers, body: read }
}

const document = openApiDocument('test')
const ajv = new Ajv2020({ strict: false, validateFormats: false }).addSchema(document, 'api')
const templates = Object.keys(document.paths).map(path => ({
  path,
  shape: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`)
}))

interface Published {
  $ref?: string
  content?: Record<string, { schema: object }>
}

/** Throws where an answer is not what the document says. */
function checkPublished(pathname: string, method: string, response: Response, body: unknown): void {
  const template = templates.find(one => one.shape.test(pathname))
  const operation = template && document.paths[template.path][method === 'HEAD' ? 'get' : method.toLowerCase()]
  const type = response.headers.get('content-type')?.split(';')[0] ?? ''
  if (type === 'application/problem+json') conform(body, ajv.compile({ $ref: 'api#/components/schemas/Problem' }))
  if (operation === undefined || response.status === 304 || method === 'HEAD') return
  let published = operation.responses[String(response.status)] as Published | undefined
  if (published === undefined) {
    // Any operation can meet these.
    if ([405, 408, 431, 500].includes(response.status)) return
    throw new TypeError(`${method} ${pathname} answered ${response.status}, which is not in the document`)
  }
  if (published.$ref !== undefined) {
    published = document.components.responses[response.status as never] as Published
  }
  const content = published.content?.[type]
  if (content === undefined) throw new TypeError(`${method} ${pathname} answered ${type}, which is not in the document`)
  if (type.includes('json')) conform(body, ajv.compile(rooted(content.schema)))
}

export function conformTo(name: SchemaName, value: unknown): void {
  conform(value, ajv.compile({ $ref: `api#/components/schemas/${name}` }))
}

function conform(value: unknown, check: ReturnType<Ajv2020['compile']>): void {
  if (!check(value)) throw new TypeError(`${ajv.errorsText(check.errors)}: ${JSON.stringify(value).slice(0, 500)}`)
}

/** The schema with its references made absolute. */
function rooted(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"api#/components'))
}
