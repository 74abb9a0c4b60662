import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import test from 'ava'
import fc from 'fast-check'
import { openApiDocument } from '../../schemas/openapi.ts'
import { type EdgeServer, startEdge } from '../testing/edge-server.ts'
import { RawConnection } from '../testing/raw-http.ts'
import { SocketClient } from '../transport/socket-client.ts'

/** `MILLRACE_SEED` repeats a run. */
const seed = Number(process.env.MILLRACE_SEED ?? Math.floor(Math.random() * 2 ** 31))
const heapGrowthMax = 16 << 20

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heapAfterCollection(): number {
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

const operations = Object.entries(openApiDocument('test').paths)
  .filter(([path]) => path !== '/v1/stream')
  .flatMap(([path, byMethod]) => Object.keys(byMethod).map(method => ({ path, method: method.toUpperCase() })))

const odd = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    '\0',
    '\ud800',
    '../..',
    '%00',
    '𝕏',
    '-1',
    '1e999',
    'null',
    'x'.repeat(300)
  )
)
const value = fc.oneof(
  odd,
  fc.double(),
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.constant(null),
  fc.jsonValue({ maxDepth: 3 })
)
const names = [
  'event_id',
  'user_id',
  'session_id',
  'event_type',
  'product_id',
  'ts',
  'context',
  'events',
  'access_token',
  'surface',
  'items',
  'session',
  'limit',
  'region',
  'personalize',
  'position_from',
  'rules',
  'explain',
  'widgets',
  'unique',
  'id',
  'candidates',
  'from',
  'ttl_s',
  'delete',
  'title',
  'price',
  'stock',
  'order_id',
  'order_ts',
  'qty',
  'preferences',
  'updated_at',
  'category',
  'in_stock',
  'price_max',
  'categories',
  'exclude_items',
  '__proto__',
  'min_interval_ms'
]
const plausible: Record<string, fc.Arbitrary<unknown>> = {
  surface: fc.constantFrom('home', 'product', 'cart', 'email', 'attic'),
  event_type: fc.constantFrom('view', 'impression', 'purchase', 'gaze'),
  event_id: fc.string({ minLength: 1, maxLength: 20 }),
  user_id: fc.string({ minLength: 1, maxLength: 20 }),
  limit: fc.integer({ min: -2, max: 200 })
}
const field = fc
  .constantFrom(...names)
  .chain(name =>
    fc.tuple(
      fc.constant(name),
      fc.oneof(
        { arbitrary: Object.hasOwn(plausible, name) ? plausible[name] : value, weight: 3 },
        { arbitrary: value, weight: 1 }
      )
    )
  )
const whole = {
  surface: 'home',
  event_id: 'e',
  user_id: 'u',
  event_type: 'view',
  product_id: 'p',
  title: 't',
  order_id: 'o',
  qty: 1
}
const record = fc
  .tuple(fc.array(field, { maxLength: 6 }), fc.subarray(Object.entries(whole)))
  .map(([fields, known]) => Object.fromEntries([...known, ...fields]))
const nest = (depth: number, inside: string) => '['.repeat(depth) + inside + ']'.repeat(depth)
const json = fc.oneof(
  record.map(one => JSON.stringify(one)),
  fc.array(fc.oneof(record, value), { maxLength: 5 }).map(list => JSON.stringify(list)),
  fc.array(fc.oneof(record, value), { maxLength: 5 }).map(events => JSON.stringify({ events })),
  fc.array(record, { maxLength: 3 }).map(widgets => JSON.stringify({ surface: 'home', widgets })),
  fc.array(record, { maxLength: 4 }).map(rows => rows.map(row => JSON.stringify(row)).join('\n'))
)
const broken = fc.tuple(json, fc.nat(), fc.string({ unit: 'binary', maxLength: 3 })).map(([text, at, bytes]) => {
  const cut = text.length === 0 ? 0 : at % text.length
  return text.slice(0, cut) + bytes + text.slice(cut + 1)
})
const body = fc.oneof(
  { arbitrary: json, weight: 5 },
  { arbitrary: broken, weight: 3 },
  { arbitrary: fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.from(bytes).toString('latin1')), weight: 1 },
  {
    arbitrary: fc.constantFrom(
      nest(9_000, '1'),
      `{"event_id":"e","user_id":"u","event_type":"view","product_id":"p","context":{"x":${nest(5_000, '')}}}`
    ),
    weight: 1
  }
)
const queryPart = fc.tuple(fc.constantFrom(...names, 'after', 'x'), odd).map(([name, one]) => `${name}=${encode(one)}`)
const query = fc.oneof(
  fc.array(queryPart, { maxLength: 5 }).map(parts => parts.join('&')),
  fc.string({ maxLength: 40 }).map(text => text.replace(/[^\x21-\x7e]|#/g, ''))
)
const headerValue = fc.string({ maxLength: 30 }).map(text => text.replace(/[^\x20-\x7e]/g, '').trim())
const headers = fc.oneof(
  {
    arbitrary: fc.dictionary(fc.constantFrom('X-Request-Id', 'traceparent', 'If-None-Match', 'Accept'), headerValue),
    weight: 5
  },
  {
    arbitrary: fc.dictionary(
      fc.constantFrom('X-Request-Timeout-Ms', 'Authorization', 'X-API-Key', 'Origin', 'Expect-CT', 'Cookie'),
      headerValue
    ),
    weight: 1
  }
)
const target = fc.oneof(
  { arbitrary: fc.constantFrom(...operations), weight: 8 },
  {
    arbitrary: fc.record({
      path: fc.constantFrom(...operations.map(({ path }) => path), '/docs', '/openapi.json', '/v1/ws', '/v1'),
      method: fc.constantFrom('GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS')
    }),
    weight: 1
  }
)
const type = fc.constantFrom(
  ...Array<string>(8).fill('application/json'),
  'text/plain',
  'application/x-ndjson',
  'x/y',
  ''
)
const request = fc
  .record({ target, id: odd, query: fc.oneof(fc.constant(''), query), headers, type, body })
  .map(({ target: { method, path }, id, ...rest }) => ({ method, path: path.replace('{id}', encode(id)), ...rest }))

/** Percent-encoded; also what has no UTF-8. */
function encode(text: string): string {
  return Buffer.from(text)
    .reduce((all, byte) => `${all}%${byte.toString(16).padStart(2, '0')}`, '')
    .slice(0, 900)
}

type Malformed = typeof request extends fc.Arbitrary<infer T> ? T : never

function bytesOf(one: Malformed): string {
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
class Client {
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

async function healthy(server: EdgeServer): Promise<boolean> {
  const { status } = await server.ask('/v1/recommendations?surface=home')
  return status === 200 && server.incidents.length === 0
}

/** What a request may be answered with, and that it says why. */
function isFine({ status, text }: { status: number; text: string }, { method }: Malformed): boolean {
  if (status >= 200 && status < 400) return true
  if (status < 400 || status >= 500) return false
  if (method === 'HEAD') return true
  const problem = JSON.parse(text)
  return problem.status === status && typeof problem.code === 'string' && problem.detail.length > 0
}

test('10,000 malformed requests are answered with a reason, and leave nothing behind', async t => {
  t.log(`seed ${seed}`)
  t.timeout(170_000)
  const server = await startEdge(t)
  const client = new Client(server.port)
  const statuses = new Map<number, number>()
  const run = (numRuns: number) =>
    fc.assert(
      fc.asyncProperty(request, async one => {
        const answer = await client.ask(one)
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
        server.shop.events.length = server.shop.rows.length = server.shop.merges.length = 0
        if (!isFine(answer, one)) throw new TypeError(`${answer.status} ${answer.text.slice(0, 300)}`)
      }),
      { seed, numRuns }
    )
  await run(2_000)
  const before = heapAfterCollection()
  await run(10_000)
  const grown = heapAfterCollection() - before
  client.close()
  t.log(Object.fromEntries([...statuses].sort()))
  t.true(await healthy(server))
  t.true(grown < heapGrowthMax, `the heap grew by ${grown} bytes`)
  for (const status of [200, 202, 400, 404, 405, 415, 422])
    t.true((statuses.get(status) ?? 0) > 20, `${status} was hardly met`)
})

test('1,000 connections of random bytes end without harm', async t => {
  t.log(`seed ${seed}`)
  const server = await startEdge(t)
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map(one => Buffer.from(one)),
    fc.tuple(request, fc.nat(), fc.uint8Array({ maxLength: 5 })).map(([one, at, noise]) => {
      const whole = Buffer.from(bytesOf(one), 'latin1')
      const cut = at % whole.length
      return Buffer.concat([whole.subarray(0, cut), Buffer.from(noise), whole.subarray(cut)])
    })
  )
  await fc.assert(
    fc.asyncProperty(bytes, async one => {
      const connection = new RawConnection(server.port)
      connection.socket.end(one)
      const received = await connection.untilClosed()
      if (/^HTTP\/1.1 5/m.test(received)) throw new TypeError(received.slice(0, 300))
    }),
    { seed, numRuns: 1_000 }
  )
  t.true(await healthy(server))
})

const message = fc.oneof(
  { arbitrary: body, weight: 1 },
  {
    arbitrary: fc
      .record({
        type: fc.constantFrom('subscribe', 'event', 'event', 'event', 'complete', 'ping', 'pong'),
        id: fc.integer({ min: 0, max: 1_000_000 }).map(String),
        payload: record
      })
      .map(one => JSON.stringify(one)),
    weight: 60
  }
)

test('10,000 malformed messages end their socket by the protocol or are answered, and leave nothing behind', async t => {
  t.log(`seed ${seed}`)
  t.timeout(170_000)
  const server = await startEdge(t)
  const codes = new Map<number, number>()
  let sent = 0
  const run = (numRuns: number) =>
    fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 10, maxLength: 30 }), async messages => {
        const client = await new SocketClient(server.socketUrl).init()
        for (const one of messages) {
          if (client.socket.readyState !== client.socket.OPEN) break
          client.send(one)
          sent++
        }
        client.socket.close(1000)
        const { code } = await client.closed
        codes.set(code, (codes.get(code) ?? 0) + 1)
        server.shop.events.length = 0
        if (![1000, 4400, 4401, 4409, 4429, 1007, 1009].includes(code)) throw new TypeError(`closed with ${code}`)
      }),
      { seed, numRuns }
    )
  await run(100)
  const before = heapAfterCollection()
  await run(600)
  const grown = heapAfterCollection() - before
  t.log(sent, Object.fromEntries([...codes].sort()))
  t.true(sent >= 10_000)
  t.true(await healthy(server))
  t.true(grown < heapGrowthMax, `the heap grew by ${grown} bytes`)
  const { body: metrics } = await server.askAdmin('/metrics')
  t.regex(metrics, /^millrace_ws_subscriptions 0$/m)
})
