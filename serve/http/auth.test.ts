import test from 'ava'
import { type EdgeServer, startEdge } from '../testing/edge-server.ts'
import { type ApiKey, checkBinding, createAuth, isLoopback } from './auth.ts'
import { createRateLimiter } from './rate-limit.ts'
import { signToken, verifyToken } from './signed-token.ts'

const keys: ApiKey[] = [
  { secret: 'reader', scopes: ['read'] },
  { secret: 'writer', scopes: ['write'] },
  { secret: 'both', scopes: ['read', 'write'] },
  { secret: 'root', scopes: ['admin'] }
]
const event = (more: object = {}) => ({
  event_id: 'e',
  user_id: 'u1',
  session_id: 's1',
  event_type: 'view',
  product_id: 'p1',
  ...more
})
const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

async function tokenFor(server: EdgeServer, ids: object = { user_id: 'u1', session_id: 's1' }): Promise<string> {
  const { body } = await server.ask('/v1/tokens', { body: { ...ids, ttl_s: 60 }, headers: bearer('writer') })
  return body.token
}

const requests = {
  events: { path: '/v1/events', body: event() },
  recommendations: { path: '/v1/recommendations', body: { surface: 'home' } },
  list: { path: '/v1/recommendations?surface=home' },
  similar: { path: '/v1/products/p1/similar' },
  rank: { path: '/v1/rank', body: { surface: 'home', candidates: ['p1'] } },
  'product features': { path: '/v1/products/p1/features' },
  'user features': { path: '/v1/users/u1/features' },
  merge: { path: '/v1/users/u1/merge', body: { from: 'd' } },
  tokens: { path: '/v1/tokens', body: { session_id: 's1', ttl_s: 60 } },
  products: { path: '/v1/tables/products', body: [{ delete: 'p1' }] },
  document: { path: '/openapi.json' }
}

const statuses: Record<
  keyof typeof requests,
  Record<'none' | 'wrong' | 'reader' | 'writer' | 'root' | 'token', number>
> = {
  events: { none: 401, wrong: 401, reader: 403, writer: 202, root: 202, token: 202 },
  recommendations: { none: 401, wrong: 401, reader: 200, writer: 403, root: 200, token: 200 },
  list: { none: 401, wrong: 401, reader: 200, writer: 403, root: 200, token: 200 },
  similar: { none: 401, wrong: 401, reader: 200, writer: 403, root: 200, token: 200 },
  rank: { none: 401, wrong: 401, reader: 200, writer: 403, root: 200, token: 200 },
  'product features': { none: 401, wrong: 401, reader: 200, writer: 403, root: 200, token: 403 },
  'user features': { none: 401, wrong: 401, reader: 403, writer: 403, root: 200, token: 403 },
  merge: { none: 401, wrong: 401, reader: 403, writer: 202, root: 202, token: 403 },
  tokens: { none: 401, wrong: 401, reader: 403, writer: 200, root: 200, token: 403 },
  products: { none: 401, wrong: 401, reader: 403, writer: 403, root: 202, token: 403 },
  document: { none: 200, wrong: 200, reader: 200, writer: 200, root: 200, token: 200 }
}

for (const [name, { path, ...how }] of Object.entries(requests)) {
  test(`${name}: who may and who may not`, async t => {
    const server = await startEdge(t, { auth: { keys } })
    const token = await tokenFor(server)
    for (const [who, status] of Object.entries(statuses[name as keyof typeof requests])) {
      const credential = who === 'token' ? token : who
      const headers = who === 'none' ? {} : bearer(credential)
      const answer = await server.ask(path, { ...how, headers })
      t.is(answer.status, status, who)
      if (status === 401) t.is(answer.headers.get('www-authenticate'), 'Bearer realm="millrace"')
      if (who !== 'none')
        t.is((await server.ask(path, { ...how, headers: { 'x-api-key': credential } })).status, status)
    }
  })
}

test('without keys everything is open, and a token still restricts', async t => {
  const server = await startEdge(t)
  t.is((await server.ask('/v1/users/u1/features')).status, 200)
  const token = await tokenFor(server)
  t.is((await server.ask('/v1/users/u1/features', { headers: bearer(token) })).status, 403)
})

test('a token is good for its own ids only', async t => {
  const server = await startEdge(t, { auth: { keys } })
  const { ask } = server
  const headers = bearer(await tokenFor(server))
  const recommend = (ids: object) => ask('/v1/recommendations', { body: { surface: 'home', ...ids }, headers })
  t.is((await recommend({ user_id: 'u1', session_id: 's1' })).status, 200)
  t.is((await recommend({ user_id: 'u1' })).status, 200)
  t.is((await recommend({})).status, 200)
  t.like(await recommend({ user_id: 'u2' }), { status: 403, body: { code: 'forbidden_id' } })
  t.like(await recommend({ session_id: 's2' }), { status: 403, body: { code: 'forbidden_id' } })
  const widgets = [
    { id: 'a', surface: 'home' },
    { id: 'b', surface: 'home', user_id: 'u2' }
  ]
  t.is((await ask('/v1/recommendations', { body: { widgets }, headers })).status, 403)
  t.is((await ask('/v1/products/p1/similar?user_id=u2', { headers })).status, 403)
  t.is((await ask('/v1/rank', { body: { surface: 'home', candidates: ['p1'], user_id: 'u2' }, headers })).status, 403)
  t.like(await ask('/v1/events', { body: event({ user_id: 'u2' }), headers }), {
    status: 403,
    body: { code: 'forbidden_id' }
  })
  const batch = await ask('/v1/events', { body: { events: [event(), event({ session_id: 's2' })] }, headers })
  t.like(batch, { status: 202, body: { accepted: 1 } })
  t.is(batch.body.rejected[0].code, 'forbidden_id')
  const anonymous = bearer(await tokenFor(server, { session_id: 's9' }))
  t.is((await ask('/v1/events', { body: event({ user_id: 'u1', session_id: 's9' }), headers: anonymous })).status, 403)
  t.is(
    (await ask('/v1/events', { body: event({ user_id: undefined, session_id: 's9' }), headers: anonymous })).status,
    202
  )
})

test('a beacon brings its token in the body, which is not kept', async t => {
  const server = await startEdge(t, { auth: { keys } })
  const { ask, shop } = server
  const access_token = await tokenFor(server)
  const headers = { 'content-type': 'text/plain;charset=UTF-8' }
  const beacon = (body: object) => ask('/v1/events', { body: JSON.stringify(body), headers })
  t.is((await beacon({ ...event(), access_token })).status, 202)
  t.deepEqual(shop.events[0].context, {})
  t.is((await beacon({ events: [event()], access_token })).status, 202)
  t.like(await beacon(event()), { status: 401, body: { code: 'unauthenticated' } })
  t.is((await beacon({ ...event(), access_token: 7 })).status, 401)
  t.is((await beacon({ ...event(), access_token: `${access_token}x` })).status, 401)
  t.is((await beacon({ ...event({ user_id: 'u2' }), access_token })).status, 403)
  const large = await ask('/v1/events', { body: 'x'.repeat(100_000), headers })
  t.is(large.status, 413, 'who has not shown a credential makes us read little')
})

test('a token ends, and no change to it is accepted', t => {
  const secret = Buffer.from('s'.repeat(32))
  const token = signToken({ user_id: 'ü', session_id: 's1', expires: 100 }, secret)
  t.deepEqual(verifyToken(token, secret, 99_999), { user_id: 'ü', session_id: 's1', expires: 100 })
  t.is(verifyToken(token, secret, 100_000), null)
  t.is(verifyToken(token, Buffer.from('t'.repeat(32)), 0), null)
  for (let at = 5; at < token.length - 1; at++) {
    const changed = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
    t.is(verifyToken(changed, secret, 0), null, `position ${at}`)
  }
  for (const odd of ['', 'mrt1.', 'mrt1..', 'mrt1.x', `mrt1.${'x'.repeat(9000)}.y`])
    t.is(verifyToken(odd, secret, 0), null)
})

test('a token lives as long as asked for, within a bound', async t => {
  const { ask } = await startEdge(t, { auth: { keys } })
  const headers = bearer('writer')
  const startMs = Date.now()
  const { body } = await ask('/v1/tokens', { body: { session_id: 's1', ttl_s: 60 }, headers })
  const livesMs = Date.parse(body.expires_at) - startMs
  t.true(livesMs >= 60_000 && livesMs < 70_000)
  t.is((await ask('/v1/recommendations?surface=home', { headers: bearer(body.token) })).status, 200)
  const ended = createAuth({ keys }).sign({ user_id: null, session_id: 's1', expires: Math.floor(startMs / 1000) })
  const late = await ask('/v1/recommendations?surface=home', { headers: bearer(ended) })
  t.like(late, { status: 401, body: { code: 'unauthenticated' } })
  t.like(await ask('/v1/tokens', { body: { session_id: 's', ttl_s: 86_401 }, headers }), {
    status: 422,
    body: { pointer: '/ttl_s' }
  })
  t.like(await ask('/v1/tokens', { body: { ttl_s: 5 }, headers }), { status: 422, body: { pointer: '/session_id' } })
})

test('replicas with the same keys, or the same secret, accept each other’s tokens', async t => {
  const one = await startEdge(t, { auth: { keys } })
  const two = await startEdge(t, { auth: { keys } })
  const other = await startEdge(t, { auth: { keys, tokenSecret: 'another' } })
  const headers = bearer(await tokenFor(one))
  t.is((await two.ask('/v1/recommendations?surface=home', { headers })).status, 200)
  t.is((await other.ask('/v1/recommendations?surface=home', { headers })).status, 401)
})

test('callers are slowed down by key, and by address where they have none', async t => {
  const rateLimits = { perKey: { perSecond: 0.01, burst: 3 }, perIp: { perSecond: 0.01, burst: 2 } }
  const { ask } = await startEdge(t, { auth: { keys }, rateLimits })
  const statusesOf = async (headers: Record<string, string>, times: number) => {
    const seen: number[] = []
    for (let i = 0; i < times; i++) seen.push((await ask('/v1/recommendations?surface=home', { headers })).status)
    return seen
  }
  t.deepEqual(await statusesOf(bearer('reader'), 4), [200, 200, 200, 429])
  t.deepEqual(await statusesOf(bearer('both'), 1), [200])
  t.deepEqual(await statusesOf(bearer('guess'), 3), [401, 401, 429])
  const { headers, body } = await ask('/v1/recommendations?surface=home', { headers: bearer('reader') })
  const waitS = Number(headers.get('retry-after'))
  t.true(waitS > 50 && waitS <= 100)
  t.is(body.code, 'rate_limited')
})

test('a bucket refills, leaves debts to who takes more than a burst, and the table stays bounded', t => {
  const limiter = createRateLimiter({ perSecond: 10, burst: 2 }, 3)
  t.deepEqual(
    [0, 0, 0].map(now => limiter.take('a', now)),
    [0, 0, 100]
  )
  t.is(limiter.take('a', 100), 0)
  t.is(limiter.take('b', 0, 5), 0)
  t.is(limiter.take('b', 100), 300)
  for (let i = 0; i < 100; i++) limiter.take(`c${i}`, 0)
  t.is(limiter.size, 3)
})

test('a key that is empty or reads like a token stops the start', t => {
  for (const secret of ['', 'mrt1.x']) {
    t.throws(() => createAuth({ keys: [{ secret, scopes: ['read'] }] }), { code: 'bad_api_keys' }, secret)
  }
})

test('an address that others reach is refused without keys', t => {
  const bind = (host: string, more: object = {}) => checkBinding({ host, keys: [], insecure: false, ...more })
  for (const host of ['127.0.0.1', 'localhost', '::1', '127.9.9.9']) t.notThrows(() => bind(host), host)
  for (const host of ['0.0.0.0', '::', '192.168.1.2', '127.0.0.1.example', '']) {
    t.throws(() => bind(host), { code: 'unprotected_address' }, host)
  }
  t.notThrows(() => bind('0.0.0.0', { insecure: true }))
  t.notThrows(() => bind('0.0.0.0', { keys }))
  t.false(isLoopback('localhost.example'))
})
