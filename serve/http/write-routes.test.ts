import test from 'ava'
import { startEdge } from '../testing/edge-server.ts'

const view = (more: object = {}) => ({
  event_id: 'e1',
  user_id: 'u1',
  session_id: 's1',
  event_type: 'view',
  product_id: 'p1',
  ...more
})

test('one event is accepted with a token', async t => {
  const { ask, shop } = await startEdge(t)
  const { status, body } = await ask('/v1/events', { body: view({ ts: '2026-01-02T03:04:05Z', colour: 'red' }) })
  t.is(status, 202)
  t.deepEqual(body, { accepted: 1, rejected: [], token: 'w1' })
  t.like(shop.events[0], { event_id: 'e1', ts: Date.UTC(2026, 0, 2, 3, 4, 5), context: { colour: 'red' } })
})

test('a bad event does not reject the others of its batch', async t => {
  const { ask, shop } = await startEdge(t)
  const events = [view(), view({ event_type: 'gaze' }), 7, view({ event_id: 'e2', ts: '2999-01-01T00:00:00Z' })]
  const { status, body } = await ask('/v1/events', { body: { events } })
  t.is(status, 202)
  t.is(body.accepted, 1)
  t.deepEqual(
    body.rejected.map((one: { index: number; code: string }) => [one.index, one.code]),
    [
      [1, 'unknown_event_type'],
      [2, 'not_an_object'],
      [3, 'ts_in_future']
    ]
  )
  t.is(shop.events.length, 1)
})

test('a request with nothing but bad events is 422 and says what is wrong with each', async t => {
  const { ask, shop } = await startEdge(t)
  const single = await ask('/v1/events', { body: view({ product_id: undefined }) })
  t.like(single, { status: 422, body: { code: 'missing_field' } })
  t.regex(single.body.detail, /product_id/)
  const batch = await ask('/v1/events', { body: { events: [view({ event_id: 'x'.repeat(257) }), {}] } })
  t.like(batch, { status: 422, body: { code: 'all_rejected' } })
  t.is(batch.body.rejected[0].code, 'id_too_long')
  t.deepEqual(shop.events, [])
})

test('an old event is refused, and an empty batch is no error', async t => {
  const { ask } = await startEdge(t, { eventMaxAgeMs: 1000 })
  t.like(await ask('/v1/events', { body: view({ ts: '2020-01-01T00:00:00Z' }) }), {
    status: 422,
    body: { code: 'ts_too_old' }
  })
  t.like(await ask('/v1/events', { body: { events: [] } }), { status: 202, body: { accepted: 0, rejected: [] } })
})

test('the limits on events hold: number, size, body', async t => {
  const { ask, shop } = await startEdge(t)
  const events = Array.from({ length: 500 }, (_, index) => view({ event_id: `e${index}` }))
  t.like(await ask('/v1/events', { body: { events } }), { status: 202, body: { accepted: 500 } })
  t.is(shop.events.length, 500)
  t.like(await ask('/v1/events', { body: { events: [...events, view()] } }), {
    status: 413,
    body: { code: 'too_many_events' }
  })
  const large = view({ context: { text: 'x'.repeat(17_000) } })
  t.like(await ask('/v1/events', { body: large }), { status: 422, body: { code: 'event_too_large' } })
  t.like(await ask('/v1/events', { body: 'x'.repeat(9_000_000) }), { status: 413, body: { code: 'body_too_large' } })
})

test('a full batch of events at their limit fits', async t => {
  const { ask } = await startEdge(t)
  const text = 'x'.repeat(16_384 - JSON.stringify(view({ event_id: 'e499', context: { text: '' } })).length)
  const events = Array.from({ length: 500 }, (_, index) => view({ event_id: `e${index}`, context: { text } }))
  t.like(await ask('/v1/events', { body: { events } }), { status: 202, body: { accepted: 500 } })
})

test('a body that is no event is told apart', async t => {
  const { ask } = await startEdge(t)
  t.like(await ask('/v1/events', { body: '{' }), { status: 400, body: { code: 'malformed_json' } })
  t.like(await ask('/v1/events', { body: '', method: 'POST' }), { status: 400, body: { code: 'malformed_json' } })
  t.like(await ask('/v1/events', { body: new Uint8Array([0x22, 0xff, 0x22]) }), {
    status: 400,
    body: { code: 'malformed_json' }
  })
  t.like(await ask('/v1/events', { body: [view()] }), { status: 422, body: { code: 'not_an_object' } })
  t.like(await ask('/v1/events', { body: { events: 1 } }), {
    status: 422,
    body: { code: 'invalid_field', pointer: '/events' }
  })
  t.like(await ask('/v1/events', { body: { events: [], more: 1 } }), { status: 422, body: { code: 'unknown_field' } })
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  t.like(await ask('/v1/events', { body: 'a=b', headers }), { status: 415, body: { code: 'unsupported_media_type' } })
})

test('what cannot be written now is 429 with Retry-After', async t => {
  const { ask, shop } = await startEdge(t)
  shop.isOverloaded = true
  const { status, headers, body } = await ask('/v1/events', { body: view() })
  t.is(status, 429)
  t.is(body.code, 'overloaded')
  t.is(headers.get('retry-after'), '1')
})

test('rows come as a list, one by one, or as lines; a bad one does not reject the others', async t => {
  const { ask, shop } = await startEdge(t)
  const list = [{ product_id: 1, title: 'One', price: '1.5' }, { title: 'no id' }, { delete: 'p2' }]
  const { status, body } = await ask('/v1/tables/products', { body: list })
  t.is(status, 202)
  t.like(body, { accepted: 2, token: 'w1' })
  t.like(body.rejected[0], { index: 1, code: 'missing_field' })
  t.like(shop.rows[0], { key: '1', row: { title: 'One', price: 1.5 } })
  t.deepEqual(shop.rows[1], { table: 'products', key: 'p2', row: null })
  const lines = '{"user_id":"u1"}\n\n{"user_id":\n{"user_id":"u2","country":"DE"}\n'
  const headers = { 'content-type': 'application/x-ndjson' }
  const users = await ask('/v1/tables/users', { body: lines, headers })
  t.like(users.body, { accepted: 2 })
  t.like(users.body.rejected[0], { index: 1, code: 'malformed_json' })
  t.like(await ask('/v1/tables/users', { body: '{"user_id":"u1"}\n{"user_id":"u2"}' }), { body: { accepted: 2 } })
  t.like(await ask('/v1/tables/users', { body: '{\n "user_id": "u1"\n}' }), { body: { accepted: 1 } })
})

test('orders and their lines are written and deleted under the order', async t => {
  const { ask, shop } = await startEdge(t)
  const order = { order_id: 'o1', user_id: null, order_ts: '2026-01-01T00:00:00Z', total: 5 }
  t.is((await ask('/v1/tables/orders', { body: [order, { delete: 'o0' }] })).body.accepted, 2)
  const line = { order_id: 'o1', product_id: 'p1', qty: 2 }
  const gone = { delete: { order_id: 'o1', product_id: 'p2' } }
  t.is((await ask('/v1/tables/order-items', { body: [line, gone] })).body.accepted, 2)
  t.like(shop.rows[2], { key: 'o1', row: { qty: 2, deleted: false } })
  t.like(shop.rows[3], { key: 'o1', row: { product_id: 'p2', deleted: true } })
  const vague = await ask('/v1/tables/order-items', { body: [{ delete: 'o1' }] })
  t.like(vague, { status: 422, body: { code: 'invalid_field' } })
})

test('the limits on rows hold', async t => {
  const { ask } = await startEdge(t)
  const many = Array.from({ length: 5001 }, (_, index) => ({ user_id: `u${index}` }))
  t.like(await ask('/v1/tables/users', { body: many }), { status: 413, body: { code: 'too_many_rows' } })
  t.like(await ask('/v1/tables/users', { body: many.slice(1) }), { status: 202, body: { accepted: 5000 } })
  const long = [{ user_id: 'u', name: 'x'.repeat(70_000) }]
  t.like(await ask('/v1/tables/users', { body: long }), { status: 422, body: { code: 'row_too_large' } })
  t.like(await ask('/v1/tables/users', { body: 'x'.repeat(5 << 20) }), {
    status: 413,
    body: { code: 'body_too_large' }
  })
  const deep = `[{"user_id":"u","preferences":${'['.repeat(100_000)}${']'.repeat(100_000)}}]`
  t.is((await ask('/v1/tables/users', { body: deep })).status, 422)
  t.is((await ask('/v1/tables/baskets', { body: [] })).status, 404)
})

test('a device is merged into a user', async t => {
  const { ask, shop } = await startEdge(t)
  t.like(await ask('/v1/users/u%2F1/merge', { body: { from: 'device_9' } }), { status: 202, body: { token: 'w1' } })
  t.deepEqual(shop.merges, [['u/1', 'device_9']])
  t.like(await ask('/v1/users/u1/merge', { body: {} }), {
    status: 422,
    body: { code: 'missing_field', pointer: '/from' }
  })
  t.like(await ask('/v1/users/%ff/merge', { body: { from: 'd' } }), {
    status: 400,
    body: { code: 'malformed_request' }
  })
  t.like(await ask(`/v1/users/${'x'.repeat(300)}/merge`, { body: { from: 'd' } }), {
    status: 422,
    body: { code: 'id_too_long' }
  })
})
