import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import type { ApiKey } from '../http/auth.ts'
import { conformTo, startEdge } from '../testing/edge-server.ts'
import { SocketClient } from '../transport/socket-client.ts'

const home = (more: object = {}) => ({ surface: 'home', session_id: 's1', limit: 3, ...more })
const view = (product_id: string, more: object = {}) => ({
  event_id: `e-${product_id}`,
  session_id: 's1',
  event_type: 'view',
  product_id,
  ...more
})
const ids = (message: { payload?: { items: { product_id: string }[] } }) =>
  message.payload?.items.map(item => item.product_id)

const keys: ApiKey[] = [
  { secret: 'reader', scopes: ['read'] },
  { secret: 'writer', scopes: ['write'] },
  { secret: 'root', scopes: ['admin'] }
]

type Options = Parameters<typeof startEdge>[1]

async function connect(t: ExecutionContext, options: Options = {}) {
  const server = await startEdge(t, options)
  const client = await new SocketClient(server.socketUrl).init()
  return { ...server, client }
}

test('a subscriber gets the list, and a new one with its own click', async t => {
  const { client, shop } = await connect(t)
  client.subscribe('a', home())
  const first = await client.message()
  conformTo('Next', first)
  t.like(first, { type: 'next', id: 'a', seq: 1, payload: { cause: 'initial', surface: 'home' } })
  t.deepEqual(ids(first), ['p1', 'p2', 'p3'])
  client.send({ type: 'event', id: 'x', payload: view('p7') })
  const both = [await client.message(), await client.message()]
  t.like(
    both.find(message => message.type === 'ack'),
    { id: 'x', token: 'w1' }
  )
  const next = both.find(message => message.type === 'next') ?? { type: '' }
  conformTo('Next', next)
  t.like(next, { seq: 2, payload: { cause: 'event' } })
  t.deepEqual(ids(next), ['p8', 'p9', 'p10'])
  t.not(next.payload.recommendation_id, first.payload.recommendation_id)
  t.deepEqual(
    shop.impressions,
    [first, next].map(({ payload }) => payload.recommendation_id)
  )
})

test('an event over HTTP is followed as well, another session’s is not', async t => {
  const { client, ask } = await connect(t)
  client.subscribe('a', home())
  await client.message()
  await ask('/v1/events', { body: view('p20', { session_id: 's2' }) })
  await ask('/v1/events', { body: view('p9') })
  t.deepEqual(ids(await client.message()), ['p10', 'p11', 'p12'])
  t.deepEqual(client.waiting, [])
})

test('a catalog change of a listed item is followed, of another item not', async t => {
  const { client, ask, shop } = await connect(t)
  client.subscribe('a', home())
  await client.message()
  const asked = shop.asked.length
  await ask('/v1/tables/products', { body: [{ product_id: 'p25', title: 'New', price: 1 }] })
  await sleep(30)
  t.is(shop.asked.length, asked)
  await ask('/v1/tables/products', { body: [{ product_id: 'p2', title: 'Dearer', price: 9 }] })
  const next = await client.message()
  t.is(next.payload.cause, 'catalog')
  t.is(next.payload.items[1].title, 'Dearer')
  await ask('/v1/tables/products', { body: [{ delete: 'p1' }] })
  t.deepEqual(ids(await client.message()), ['p2', 'p3', 'p4'])
})

test('nothing is pushed where a reader would see no difference', async t => {
  const { client, ask, shop } = await connect(t)
  client.subscribe('a', home())
  await client.message()
  await ask('/v1/tables/products', { body: [{ product_id: 'p2', title: 'Product 2', price: 2, brand: 'other' }] })
  const asked = shop.asked.length
  shop.tell({ sessions: new Set(['s1']) })
  await sleep(50)
  t.true(shop.asked.length > asked, 'it was computed')
  t.deepEqual(client.waiting, [])
  t.is(shop.impressions.length, 1, 'a list that nobody is shown leaves no impression')
})

test('lists are refreshed in turns, and for everybody at once with a new model or version', async t => {
  const { client, shop } = await connect(t, { sockets: { refreshMs: 150 } })
  client.subscribe('a', home())
  await client.message()
  shop.products.delete('p1')
  const refreshed = await client.message()
  t.is(refreshed.payload.cause, 'event')
  t.deepEqual(ids(refreshed), ['p2', 'p3', 'p4'])
  shop.products.delete('p2')
  shop.tell({ everybody: 'model' })
  t.is((await client.message()).payload.cause, 'model')
})

test('without personalize no event is followed', async t => {
  const { client, ask, shop } = await connect(t)
  client.subscribe('a', home({ personalize: false }))
  await client.message()
  const asked = shop.asked.length
  await ask('/v1/events', { body: view('p9') })
  await sleep(50)
  t.is(shop.asked.length, asked)
})

test('updates come no faster than the subscriber wishes; the last one wins', async t => {
  const { client, shop, askAdmin } = await connect(t)
  client.subscribe('a', home({ min_interval_ms: 1500 }))
  await client.message()
  const startMs = performance.now()
  for (const product of ['p5', 'p6', 'p7', 'p8']) {
    shop.events.push({ ...view(product), event_type: 'view', user_id: null, ts: 0, context: {}, session_id: 's1' })
    shop.tell({ sessions: new Set(['s1']) })
    await sleep(1)
  }
  const next = await client.message()
  t.true(performance.now() - startMs > 500)
  t.deepEqual(ids(next), ['p9', 'p10', 'p11'])
  t.is(next.seq, 2)
  t.deepEqual(client.waiting, [])
  t.regex((await askAdmin('/metrics')).body, /^millrace_ws_dropped_updates_total [1-3]$/m)
})

test('a slow reader costs no memory: updates are not queued, and it catches up with the last', async t => {
  const { client, shop, askAdmin } = await connect(t)
  for (let i = 0; i < 100; i++) shop.products.set(`q${i}`, { title: 'x'.repeat(5_000), price: 1 })
  client.subscribe('a', { surface: 'home', session_id: 's1', limit: 100 })
  await client.message()
  client.socket.pause()
  let toggles = 0
  const before = shop.asked.length
  const toggle = async () => {
    toggles++
    shop.products.set('p1', { title: `Title ${toggles}`, price: toggles })
    shop.tell({ items: new Set(['p1']) })
    await sleep(1)
  }
  for (let i = 0; i < 200; i++) await toggle()
  const computed = shop.asked.length - before
  t.true(computed < 100, `computed ${computed} of 200 for a reader that does not read`)
  const { body } = await askAdmin('/metrics')
  t.true(Number(/^millrace_ws_dropped_updates_total (\d+)$/m.exec(body)?.[1]) > 50)
  client.socket.resume()
  let last = await client.message()
  while (last.payload.items[0].title !== 'Title 200') last = await client.message()
  t.is(last.seq, client.received.length - 1, 'no gap in what was sent')
})

test('a reader that stays slow is dropped', async t => {
  const { client, shop, askAdmin } = await connect(t, { sockets: { slowReaderMs: 200 } })
  for (let i = 0; i < 100; i++) shop.products.set(`q${i}`, { title: 'x'.repeat(5_000), price: 1 })
  client.subscribe('a', { surface: 'home', limit: 100 })
  await client.message()
  client.socket.pause()
  for (let i = 0; i < 60; i++) {
    shop.products.set('p1', { title: `Title ${i}`, price: i })
    shop.tell({ items: new Set(['p1']) })
    await sleep(2)
  }
  const shown = async (line: RegExp) => {
    for (let i = 0; i < 200 && !line.test((await askAdmin('/metrics')).body); i++) await sleep(10)
    return line.test((await askAdmin('/metrics')).body)
  }
  t.true(await shown(/^millrace_ws_subscriptions 0$/m))
  client.socket.resume()
  t.is((await client.closed).code, 4429)
  t.true(await shown(/^millrace_ws_connections 0$/m))
})

test('an event that cannot be taken is answered with an error under its id, and the socket stays', async t => {
  const { client, shop } = await connect(t)
  client.send({ type: 'event', id: 'bad', payload: { event_type: 'view' } })
  const bad = await client.message()
  t.like(bad, { type: 'error', id: 'bad', payload: { code: 'missing_field', status: 422 } })
  conformTo('Problem', bad.payload)
  shop.isOverloaded = true
  client.send({ type: 'event', id: 'late', payload: view('p1') })
  t.like(await client.message(), { type: 'error', id: 'late', payload: { code: 'overloaded', status: 429 } })
  shop.isOverloaded = false
  client.send({ type: 'event', id: 'late', payload: view('p1') })
  t.like(await client.message(), { type: 'ack', id: 'late' })
})

test('a bad subscription is an error under its id, whose id stays free', async t => {
  const { client, shop, incidents } = await connect(t)
  client.subscribe('a', { surface: 'attic' })
  t.like(await client.message(), {
    type: 'error',
    id: 'a',
    payload: { code: 'unknown_surface', pointer: '/payload/surface' }
  })
  shop.isReady = false
  client.subscribe('a', home())
  t.like(await client.message(), { type: 'error', id: 'a', payload: { code: 'not_ready' } })
  shop.isReady = true
  shop.isBroken = true
  client.subscribe('a', home())
  t.like(await client.message(), { type: 'error', id: 'a', payload: { code: 'unexpected' } })
  t.is(incidents.length, 1)
  shop.isBroken = false
  client.subscribe('a', home())
  t.like(await client.message(), { type: 'next', id: 'a', seq: 1 })
  shop.isBroken = true
  shop.tell({ sessions: new Set(['s1']) })
  t.like(await client.message(), { type: 'error', id: 'a', payload: { code: 'unexpected' } })
})

test('after complete nothing more is sent, and the id may be used again', async t => {
  const { client, ask, shop } = await connect(t)
  client.subscribe('a', home())
  await client.message()
  client.send({ type: 'complete', id: 'a' })
  client.send({ type: 'complete', id: 'never' })
  client.send({ type: 'ping' })
  t.deepEqual(await client.message(), { type: 'pong' })
  const asked = shop.asked.length
  await ask('/v1/events', { body: view('p9') })
  await sleep(30)
  t.is(shop.asked.length, asked)
  client.subscribe('a', home())
  t.is((await client.message()).seq, 1)
})

for (const [name, bytes, code] of [
  ['no JSON', 'hello', 4400],
  ['no object', '[]', 4400],
  ['no type', '{}', 4400],
  ['an unknown type', '{"type":"shout"}', 4400],
  ['a subscribe without an id', '{"type":"subscribe","payload":{"surface":"home"}}', 4400],
  ['an event without a payload', '{"type":"event","id":"a"}', 4400],
  ['an empty id', '{"type":"complete","id":""}', 4400],
  ['a second connection_init', '{"type":"connection_init"}', 4429]
] as const) {
  test(`${name} closes with ${code}`, async t => {
    const { client } = await connect(t)
    client.send(bytes)
    t.is((await client.closed).code, code)
  })
}

test('a client that says nothing is closed with 4408', async t => {
  const { socketUrl } = await startEdge(t, { sockets: { initTimeoutMs: 100 } })
  const silent = await new SocketClient(socketUrl).open()
  t.is((await silent.closed).code, 4408)
})

test('a client that subscribes before it has said who it is is closed with 4401', async t => {
  const { socketUrl } = await startEdge(t)
  const hasty = await new SocketClient(socketUrl).open()
  hasty.subscribe('a', home())
  t.is((await hasty.closed).code, 4401)
})

test('an id in use closes with 4409, too many subscriptions or messages with 4429', async t => {
  const { client, socketUrl } = await connect(t, { sockets: { subscriptionsPerSocketMax: 2 } })
  client.subscribe('a', home())
  client.subscribe('a', home())
  t.is((await client.closed).code, 4409)
  const greedy = await new SocketClient(socketUrl).init()
  for (const id of ['a', 'b', 'c']) greedy.subscribe(id, home())
  t.is((await greedy.closed).code, 4429)
  const chatty = await new SocketClient(socketUrl).init()
  for (let i = 0; i < 500; i++) chatty.send({ type: 'ping' })
  t.is((await chatty.closed).code, 4429)
})

test('sockets and subscriptions of a server are bounded', async t => {
  const { client, socketUrl } = await connect(t, { sockets: { perServerMax: 1, subscriptionsPerServerMax: 1 } })
  t.regex(String(await t.throwsAsync(new SocketClient(socketUrl).open())), /503/)
  client.subscribe('a', home())
  await client.message()
  client.subscribe('b', home())
  t.like(await client.message(), { type: 'error', id: 'b', payload: { code: 'too_many_subscriptions' } })
})

test('with keys a token is needed, it may do what it may, and it ends', async t => {
  const { socketUrl, ask } = await startEdge(t, { auth: { keys } })
  const closeCode = async (token?: string) => {
    const client = await new SocketClient(socketUrl).open()
    client.send({ type: 'connection_init', token })
    return (await client.closed).code
  }
  t.is(await closeCode(), 4401)
  t.is(await closeCode('guess'), 4401)
  t.is(await closeCode('mrt1.x.y'), 4401)
  const reader = await new SocketClient(socketUrl).init('reader')
  reader.send({ type: 'event', id: 'x', payload: view('p1') })
  t.like(await reader.message(), { type: 'error', id: 'x', payload: { code: 'forbidden' } })
  const byHeader = await new SocketClient(socketUrl, { headers: { authorization: 'Bearer writer' } }).init()
  byHeader.send({ type: 'event', id: 'x', payload: view('p1') })
  t.like(await byHeader.message(), { type: 'ack' })
  byHeader.subscribe('a', home())
  t.like(await byHeader.message(), { type: 'error', id: 'a', payload: { code: 'forbidden' } })
  t.regex(String(await t.throwsAsync(new SocketClient(socketUrl, { headers: { 'x-api-key': 'guess' } }).open())), /401/)
  const headers = { authorization: 'Bearer root' }
  const { body } = await ask('/v1/tokens', { body: { session_id: 's1', ttl_s: 2 }, headers })
  const browser = await new SocketClient(socketUrl).init(body.token)
  browser.subscribe('a', home())
  t.like(await browser.message(), { type: 'next', id: 'a' })
  browser.subscribe('b', home({ session_id: 's2' }))
  t.like(await browser.message(), { type: 'error', id: 'b', payload: { code: 'forbidden_id' } })
  browser.send({ type: 'event', id: 'x', payload: view('p1', { session_id: 's2' }) })
  t.like(await browser.message(), { type: 'error', id: 'x', payload: { code: 'forbidden_id' } })
  await sleep(Date.parse(body.expires_at) - Date.now() + 20)
  browser.send({ type: 'event', id: 'y', payload: view('p1') })
  t.is((await browser.closed).code, 4401)
})

test('a page of another origin may not connect', async t => {
  const { socketUrl, url } = await startEdge(t, { corsOrigins: ['https://shop.example'] })
  t.regex(String(await t.throwsAsync(new SocketClient(socketUrl, { origin: 'https://evil.example' }).open())), /403/)
  await new SocketClient(socketUrl, { origin: 'https://shop.example' }).init()
  await new SocketClient(socketUrl, { origin: url }).init()
  t.regex(String(await t.throwsAsync(new SocketClient(socketUrl.replace('/v1/ws', '/v2/ws')).open())), /404/)
})

test('before the server stops, sockets are told to leave, then closed with 1012; new ones are refused', async t => {
  const { client, edge, socketUrl } = await connect(t)
  client.subscribe('a', home())
  await client.message()
  edge.drain(100)
  const goaway = await client.message()
  t.is(goaway.type, 'goaway')
  t.true((goaway.retry_after_ms ?? 0) > 0)
  t.regex(String(await t.throwsAsync(new SocketClient(socketUrl).open())), /503/)
  t.is((await client.closed).code, 1012)
})
