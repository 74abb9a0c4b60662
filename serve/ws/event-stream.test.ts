import test from 'ava'
import type { ApiKey } from '../http/auth.ts'
import { conformTo, startEdge } from '../testing/edge-server.ts'

const root: ApiKey = { secret: 'root', scopes: ['admin'] }

interface Sent {
  event: string
  id: string | undefined
  /** Tests say what they expect. */
  data: any
}

/** Reads a stream of server-sent events. */
async function* eventsOf(response: Response): AsyncGenerator<Sent> {
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString()
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const block = text.slice(0, end)
      text = text.slice(end + 2)
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
      const data = field('data')
      if (data !== undefined) yield { event: field('event') ?? 'message', id: field('id'), data: JSON.parse(data) }
    }
  }
}

test('a stream gives the list, then each that differs, and says before it ends', async t => {
  const { url, ask, edge } = await startEdge(t)
  const response = await fetch(`${url}/v1/stream?surface=home&session_id=s1&limit=2&exclude_items=p1`)
  t.is(response.status, 200)
  t.is(response.headers.get('content-type'), 'text/event-stream')
  t.is(response.headers.get('cache-control'), 'no-store')
  const events = eventsOf(response)
  const first = (await events.next()).value as Sent
  t.like(first, { event: 'next', id: '1', data: { seq: 1, payload: { cause: 'initial' } } })
  conformTo('Next', { type: 'next', id: 'x', ...first.data })
  await ask('/v1/events', { body: { event_id: 'e', session_id: 's1', event_type: 'view', product_id: 'p5' } })
  const second = (await events.next()).value as Sent
  t.like(second, { event: 'next', id: '2', data: { payload: { cause: 'event' } } })
  t.is(second.data.payload.items[0].product_id, 'p6')
  edge.drain(50)
  t.like((await events.next()).value, { event: 'goaway' })
  t.true((await events.next()).done)
})

test('a stream that cannot start is a problem as everywhere', async t => {
  const { ask, shop } = await startEdge(t)
  t.like(await ask('/v1/stream?surface=attic'), { status: 404, body: { code: 'unknown_surface' } })
  t.like(await ask('/v1/stream'), { status: 422, body: { code: 'missing_field' } })
  shop.isReady = false
  t.like(await ask('/v1/stream?surface=home'), { status: 503, body: { code: 'not_ready' } })
})

test('a recommender that breaks ends the stream with the problem', async t => {
  const { url, shop, incidents } = await startEdge(t)
  shop.isBroken = true
  const events = eventsOf(await fetch(`${url}/v1/stream?surface=home`))
  t.like((await events.next()).value, { event: 'error', data: { code: 'unexpected' } })
  t.true((await events.next()).done)
  t.is(incidents.length, 1)
})

test('browsers bring their token in the query, for their ids only', async t => {
  const { url, ask } = await startEdge(t, { auth: { keys: [root] } })
  const headers = { authorization: 'Bearer root' }
  const { body } = await ask('/v1/tokens', { body: { session_id: 's1', ttl_s: 60 }, headers })
  const stream = (query: string) => fetch(`${url}/v1/stream?surface=home${query}`)
  const allowed = await stream(`&session_id=s1&access_token=${body.token}`)
  t.is(allowed.status, 200)
  await allowed.body?.cancel()
  t.is((await stream('')).status, 401)
  t.is((await stream(`&session_id=s2&access_token=${body.token}`)).status, 403)
  t.is((await stream('&access_token=mrt1.x.y')).status, 401)
})

test('streams count as connections, which are bounded', async t => {
  const { url, ask, askAdmin } = await startEdge(t, { sockets: { perServerMax: 1 } })
  const response = await fetch(`${url}/v1/stream?surface=home`)
  t.regex((await askAdmin('/metrics')).body, /^millrace_ws_connections 1$/m)
  t.like(await ask('/v1/stream?surface=home'), { status: 503, body: { code: 'too_many_sockets' } })
  await response.body?.cancel()
  for (let i = 0; i < 100 && (await ask('/v1/stream?surface=home', { method: 'HEAD' })).status !== 200; i++);
  t.is((await ask('/v1/stream?surface=home', { method: 'HEAD' })).status, 200)
})
