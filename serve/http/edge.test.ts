import test from 'ava'
import { openApiDocument } from '../../schemas/openapi.ts'
import { problemKinds } from '../../schemas/problems.ts'
import { startEdge } from '../testing/edge-server.ts'

test('a request keeps its id, or gets one', async t => {
  const { ask } = await startEdge(t)
  const own = await ask('/v1/recommendations?surface=home', { headers: { 'x-request-id': 'abc' } })
  t.is(own.headers.get('x-request-id'), 'abc')
  const made = await ask('/nowhere')
  t.is(made.headers.get('x-request-id'), made.body.request_id)
  const odd = await ask('/nowhere', { headers: { 'x-request-id': 'a b' } })
  t.not(odd.body.request_id, 'a b')
})

test('unknown paths are 404, other methods 405 with Allow', async t => {
  const { ask } = await startEdge(t)
  for (const path of ['/nowhere', '/v1/products//similar', '/v1/products/a/b/similar', '/v2/events', '/v1/events/']) {
    t.like(await ask(path), { status: 404, body: { code: 'unknown_route' } }, path)
  }
  const { status, headers, body } = await ask('/v1/events', { method: 'DELETE' })
  t.is(status, 405)
  t.is(headers.get('allow'), 'POST, OPTIONS')
  t.is(body.code, 'method_not_allowed')
  t.is((await ask('/v1/recommendations', { method: 'PUT', body: {} })).headers.get('allow'), 'POST, GET, HEAD, OPTIONS')
  t.is((await ask('/v1/recommendations?surface=home', { method: 'HEAD' })).status, 200)
})

test('bodies must say that they are JSON', async t => {
  const { ask } = await startEdge(t)
  const body = '{"surface":"home"}'
  const plain = await ask('/v1/recommendations', { body, headers: { 'content-type': 'text/plain' } })
  t.like(plain, { status: 415, body: { code: 'unsupported_media_type' } })
  t.regex(plain.body.detail, /application\/json/)
  const charset = { 'content-type': 'Application/JSON; charset=utf-8' }
  t.is((await ask('/v1/recommendations', { body, headers: charset })).status, 200)
})

test('only pages of configured origins may read answers', async t => {
  const { ask, url } = await startEdge(t, { corsOrigins: ['https://shop.example'] })
  const path = '/v1/recommendations?surface=home'
  const allowed = await ask(path, { headers: { origin: 'https://shop.example' } })
  t.is(allowed.headers.get('access-control-allow-origin'), 'https://shop.example')
  t.is(allowed.headers.get('vary'), 'Origin')
  const other = await ask(path, { headers: { origin: 'https://evil.example' } })
  t.is(other.headers.get('access-control-allow-origin'), null)
  const event = { event_id: 'e', user_id: 'u', event_type: 'view', product_id: 'p1' }
  const post = (origin: string) => ask('/v1/events', { body: event, headers: { origin } })
  t.like(await post('https://evil.example'), { status: 403, body: { code: 'origin_not_allowed' } })
  t.is((await post('https://shop.example')).status, 202)
  t.is((await post(url)).status, 202, 'a page of our own')
  const preflight = await ask('/v1/events', { method: 'OPTIONS', headers: { origin: 'https://shop.example' } })
  t.is(preflight.status, 204)
  t.is(preflight.headers.get('access-control-allow-methods'), 'POST, OPTIONS')
  t.regex(preflight.headers.get('access-control-allow-headers') ?? '', /Content-Type/)
})

test('without keys, a name that is not of this machine is refused', async t => {
  const { port } = await startEdge(t)
  const { RawConnection, head } = await import('../testing/raw-http.ts')
  const statusOf = async (host: string) => {
    const connection = new RawConnection(port)
    connection.send(head(['GET /openapi.json HTTP/1.1', `Host: ${host}`, 'Connection: close']))
    return (await connection.untilClosed()).slice(9, 12)
  }
  t.is(await statusOf('rebound.example'), '403')
  t.is(await statusOf(`localhost:${port}`), '200')
  t.is(await statusOf(`[::1]:${port}`), '200')
})

test('the document lists exactly the routes there are, and each problem once', async t => {
  const { ask } = await startEdge(t)
  const { body } = await ask('/openapi.json')
  t.deepEqual(body, JSON.parse(JSON.stringify(openApiDocument('test'))))
  for (const [path, operations] of Object.entries<object>(body.paths)) {
    const methods = Object.keys(operations).map(method => method.toUpperCase())
    const { headers } = await ask(path.replace('{id}', 'x'), { method: 'OPTIONS' })
    const known = (headers.get('allow') ?? '').split(', ').filter(method => method !== 'OPTIONS' && method !== 'HEAD')
    t.deepEqual(known.sort(), methods.sort(), path)
  }
  const codes = problemKinds.map(kind => kind.code)
  t.is(new Set(codes).size, codes.length)
})

test('the page for people needs nothing from elsewhere and names every operation and error', async t => {
  const { ask } = await startEdge(t)
  const { status, headers, body } = await ask('/docs')
  t.is(status, 200)
  t.regex(headers.get('content-security-policy') ?? '', /default-src 'none'/)
  t.notRegex(body, /<script|src=|@import|url\(/)
  t.regex(body, /name="viewport" content="width=device-width"/)
  for (const path of Object.keys(openApiDocument('test').paths)) t.true(body.includes(path), path)
  for (const { code } of problemKinds) t.true(body.includes(`id="${code}"`), code)
  const anchors = [...body.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)
  for (const id of anchors) t.true(body.includes(`id="${id}"`), id)
  const again = await ask('/docs', { headers: { 'if-none-match': headers.get('etag') ?? '' } })
  t.is(again.status, 304)
})

test('the admin port tells whether the process lives, has started and is ready, and its metrics', async t => {
  const { askAdmin, ask, shop, edge } = await startEdge(t)
  shop.isReady = false
  t.is((await askAdmin('/livez')).status, 200)
  t.like(await askAdmin('/readyz'), { status: 503, body: { code: 'not_ready', detail: 'The views are being read.' } })
  t.is((await askAdmin('/startupz')).status, 503)
  shop.isReady = true
  t.is((await askAdmin('/readyz')).status, 200)
  shop.isReady = false
  t.is((await askAdmin('/startupz')).status, 200, 'started once is started')
  shop.isReady = true
  await ask('/v1/recommendations?surface=home')
  const { body, headers } = await askAdmin('/metrics')
  t.regex(headers.get('content-type') ?? '', /^text\/plain; version=0.0.4/)
  t.regex(
    body,
    /millrace_http_request_duration_seconds_count\{route="\/v1\/recommendations",method="GET",status="200"\} 1/
  )
  t.regex(body, /millrace_recommendations_total\{surface="home",source="blend",fallback="true"\} 1/)
  t.is((await askAdmin('/v1/events', { method: 'POST', body: {} })).status, 404, 'not the public port')
  edge.drain(0)
  t.like(await askAdmin('/readyz'), { status: 503, body: { code: 'draining' } })
  t.is((await ask('/v1/recommendations?surface=home')).status, 200, 'answers go on while others are told')
})

test('metrics have a bounded number of routes, methods and statuses', async t => {
  const { askAdmin, ask } = await startEdge(t)
  for (let i = 0; i < 50; i++) await ask(`/made-up/${i}`, { method: i % 2 ? 'GET' : 'PATCH' })
  const { body } = await askAdmin('/metrics')
  const counts = body.match(/^millrace_http_request_duration_seconds_count/gm) ?? []
  t.is(counts.length, 2)
})
