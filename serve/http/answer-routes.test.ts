import test from 'ava'
import { startEdge } from '../testing/edge-server.ts'

const ids = (body: { items: { product_id: string }[] }) => body.items.map(item => item.product_id)

test('a list is answered with its state, uncached, and an event counts in the next one', async t => {
  const { ask } = await startEdge(t)
  const first = await ask('/v1/recommendations', { body: { surface: 'home', session_id: 's1', limit: 3 } })
  t.is(first.status, 200)
  t.deepEqual(ids(first.body), ['p1', 'p2', 'p3'])
  t.like(first.body, {
    surface: 'home',
    fallback: true,
    partial: false,
    state: { topology_version: 1, staleness_ms: 3 }
  })
  t.is(first.headers.get('cache-control'), 'no-store')
  t.regex(first.headers.get('server-timing') ?? '', /read;dur=[\d.]+, retrieve;dur=[\d.]+, rank;dur=[\d.]+, write;dur=/)
  await ask('/v1/events', { body: { event_id: 'e', session_id: 's1', event_type: 'view', product_id: 'p7' } })
  const second = await ask('/v1/recommendations', { body: { surface: 'home', session_id: 's1', limit: 2 } })
  t.deepEqual(ids(second.body), ['p8', 'p9'])
  t.deepEqual(second.body.items[0].reasons, [{ code: 'similar_to_viewed', product_id: 'p7' }])
})

test('the recommender is asked with the defaults filled in', async t => {
  const { ask, shop } = await startEdge(t)
  await ask('/v1/recommendations', { body: { surface: 'cart', items: ['p1'] } })
  t.like(shop.asked.at(-1), { surface: 'cart', items: ['p1'], limit: 20, personalize: true, position_from: 1 })
})

test('GET asks the same: lists between commas or repeated, rules beside the rest', async t => {
  const { ask, shop } = await startEdge(t)
  const query =
    'surface=home&user_id=u%201&limit=5&personalize=false&in_stock=true&price_max=9.5&categories=a%20%3E%20b&exclude_items=p1,p2&items=x,y&items=z&position_from=21'
  const { status, body } = await ask(`/v1/recommendations?${query}`)
  t.is(status, 200)
  t.is(body.items[0].position, 21)
  t.deepEqual(
    { ...shop.asked.at(-1) },
    {
      surface: 'home',
      user_id: 'u 1',
      limit: 5,
      personalize: false,
      explain: false,
      position_from: 21,
      items: ['x,y', 'z'],
      rules: { in_stock: true, price_max: 9.5, categories: ['a > b'], exclude_items: ['p1', 'p2'] }
    }
  )
})

for (const [query, code, parameter, status] of [
  ['surface=home&limit=0', 'invalid_parameter', 'limit', 422],
  ['surface=home&limit=many', 'invalid_parameter', 'limit', 422],
  ['surface=home&limit=1&limit=2', 'invalid_parameter', 'limit', 422],
  ['surface=home&usr_id=1', 'unknown_field', 'usr_id', 422],
  ['limit=1', 'missing_field', 'surface', 422],
  ['surface=attic', 'unknown_surface', 'surface', 404],
  [`surface=home&user_id=${'x'.repeat(257)}`, 'invalid_parameter', 'user_id', 422]
] as const) {
  test(`a query with ${query.slice(0, 40)} is told what to change`, async t => {
    const { ask } = await startEdge(t)
    t.like(await ask(`/v1/recommendations?${query}`), { status, body: { code, parameter } })
  })
}

for (const [request, code, pointer, status] of [
  [{ surface: 'home', limit: 101 }, 'invalid_field', '/limit', 422],
  [{ surface: 'home', limit: '5' }, 'invalid_field', '/limit', 422],
  [{ surface: 'home', rules: { price_max: -1 } }, 'invalid_field', '/rules/price_max', 422],
  [{ surface: 'home', rules: { 'a/b': 1 } }, 'unknown_field', '/rules/a~1b', 422],
  [{ surface: 'home', items: ['ok', 7] }, 'invalid_field', '/items/1', 422],
  [{ surface: 'home', rules: { exclude_items: Array(501).fill('x') } }, 'invalid_field', '/rules/exclude_items', 422],
  [{}, 'missing_field', '/surface', 422],
  [{ surface: 'attic' }, 'unknown_surface', '/surface', 404],
  [{ surface: 7 }, 'invalid_field', '/surface', 422],
  [{ widgets: [] }, 'invalid_field', '/widgets', 422],
  [{ widgets: [{ id: 'a', surface: 'attic' }] }, 'unknown_surface', '/widgets/0/surface', 404],
  [{ widgets: [{ surface: 'home' }] }, 'missing_field', '/widgets/0/id', 422],
  [
    {
      widgets: [
        { id: 'a', surface: 'home' },
        { id: 'a', surface: 'cart' }
      ]
    },
    'invalid_field',
    '/widgets/1/id',
    422
  ],
  [
    { widgets: Array.from({ length: 11 }, (_, i) => ({ id: `${i}`, surface: 'home' })) },
    'invalid_field',
    '/widgets',
    422
  ],
  [[], 'invalid_field', '', 422],
  ['text', 'malformed_json', undefined, 400]
] as const) {
  test(`a request ${JSON.stringify(request).slice(0, 50)} is told what to change`, async t => {
    const { ask } = await startEdge(t)
    const { status: answered, body } = await ask('/v1/recommendations', { body: request })
    t.like(body, { code, status })
    t.is(body.pointer, pointer)
    t.is(answered, status)
  })
}

test('a page of widgets is one answer; with unique, earlier widgets win', async t => {
  const { ask, shop } = await startEdge(t)
  const widgets = [
    { id: 'top', surface: 'home', limit: 2 },
    { id: 'more', surface: 'cart', limit: 2, user_id: 'u2', rules: { exclude_items: ['p3'] } }
  ]
  const { body } = await ask('/v1/recommendations', {
    body: { user_id: 'u1', session_id: 's1', widgets, unique: true }
  })
  t.deepEqual(Object.keys(body.widgets), ['top', 'more'])
  t.deepEqual(ids(body.widgets.top), ['p1', 'p2'])
  t.deepEqual(ids(body.widgets.more), ['p4', 'p5'])
  t.deepEqual(
    shop.asked.map(query => [query.user_id, query.session_id]),
    [
      ['u1', 's1'],
      ['u2', 's1']
    ]
  )
  const same = await ask('/v1/recommendations', { body: { widgets } })
  t.deepEqual(ids(same.body.widgets.more), ['p1', 'p2'])
})

test('after waits until the write is seen, for a bounded time, and says what became of it', async t => {
  const { ask, shop } = await startEdge(t)
  const { body } = await ask('/v1/events', {
    body: { event_id: 'e', user_id: 'u', event_type: 'view', product_id: 'p1' }
  })
  const path = `/v1/recommendations?after=${body.token}`
  t.is((await ask(path, { body: { surface: 'home' } })).body.state.after, 'reached')
  t.is((await ask(`${path}&surface=home`)).body.state.after, 'reached')
  t.is((await ask(`/v1/products/p1/similar?after=${body.token}`)).headers.get('cache-control'), 'no-store')
  shop.visible = 0
  const late = await ask(path, { body: { surface: 'home' } })
  t.is(late.body.state.after, 'timeout')
  t.is(shop.waits.at(-1), 500)
  t.regex(late.headers.get('server-timing') ?? '', /wait;dur=\d{3}/)
  t.is((await ask('/v1/recommendations?after=gone', { body: { surface: 'home' } })).body.state.after, 'unknown')
  t.like(await ask('/v1/recommendations?before=x', { body: { surface: 'home' } }), {
    status: 422,
    body: { code: 'unknown_field' }
  })
})

test('a caller’s deadline bounds the wait and gives a partial answer', async t => {
  const { ask, shop } = await startEdge(t)
  shop.visible = -1
  const request = { body: { surface: 'home' }, headers: { 'x-request-timeout-ms': '40' } }
  const { body } = await ask('/v1/recommendations?after=w1', request)
  t.true(shop.waits[0] <= 40)
  t.is(body.state.after, 'timeout')
  t.true(body.partial)
  for (const bad of ['0', 'soon', '1e9']) {
    const refused = await ask('/v1/recommendations?surface=home', { headers: { 'x-request-timeout-ms': bad } })
    t.like(refused, { status: 422, body: { code: 'invalid_parameter', parameter: 'X-Request-Timeout-Ms' } })
  }
})

test('the product routes ask for one kind of neighbour and are cacheable for anonymous callers only', async t => {
  const { ask, shop } = await startEdge(t)
  const similar = await ask('/v1/products/a%2Fb/similar?limit=2')
  t.is(similar.headers.get('cache-control'), 'public, max-age=60')
  t.like(shop.asked.at(-1), { surface: 'product', items: ['a/b'], relation: 'similar', limit: 2 })
  t.is((await ask('/v1/products/p1/bought-together?user_id=u1')).headers.get('cache-control'), 'no-store')
  t.like(shop.asked.at(-1), { relation: 'bought_together', user_id: 'u1', limit: 20 })
  t.is((await ask('/v1/products/p1/similar?session_id=s1')).headers.get('cache-control'), 'no-store')
  t.like(await ask('/v1/products/p1/similar?surface=home'), { status: 422, body: { code: 'unknown_field' } })
})

test('candidates come back in order, unknown ones last', async t => {
  const { ask } = await startEdge(t)
  const { body } = await ask('/v1/rank', { body: { surface: 'home', candidates: ['zz', 'p9', 'p1'] } })
  t.deepEqual(ids(body), ['p1', 'p9', 'zz'])
  t.like(await ask('/v1/rank', { body: { surface: 'home', candidates: Array(501).fill('x') } }), {
    status: 422,
    body: { pointer: '/candidates' }
  })
})

test('features are told in RFC 3339, and nothing known is no error', async t => {
  const { ask } = await startEdge(t)
  const ts = '2026-01-02T03:04:05.000Z'
  await ask('/v1/events', { body: { event_id: 'e', user_id: 'u1', event_type: 'view', product_id: 'p1', ts } })
  const { body } = await ask('/v1/users/u1/features')
  t.like(body, { user_id: 'u1', features: { recency: ts, seen: [{ product_id: 'p1', ts }] } })
  t.deepEqual((await ask('/v1/users/nobody/features')).body, { user_id: 'nobody', features: null })
  t.deepEqual((await ask('/v1/products/p1/features')).body, { product_id: 'p1', features: null })
})

test('while the views are not there, answers are 503 and writes go on', async t => {
  const { ask, shop } = await startEdge(t)
  shop.isReady = false
  const { status, headers, body } = await ask('/v1/recommendations?surface=home')
  t.is(status, 503)
  t.is(headers.get('retry-after'), '1')
  t.is(body.code, 'not_ready')
  const event = { event_id: 'e', user_id: 'u', event_type: 'view', product_id: 'p1' }
  t.is((await ask('/v1/events', { body: event })).status, 202)
})

test('a defect behind the edge is 500 without its words, and reported with the request’s id', async t => {
  const { ask, shop, incidents } = await startEdge(t)
  shop.isBroken = true
  const headers = { 'x-request-id': 'req-7', traceparent: '00-aa-bb-01' }
  const { status, body } = await ask('/v1/recommendations?surface=home', { headers })
  t.is(status, 500)
  t.like(body, { code: 'unexpected', request_id: 'req-7' })
  t.notRegex(JSON.stringify(body), /a defect/)
  t.like(incidents[0], {
    requestId: 'req-7',
    traceparent: '00-aa-bb-01',
    route: '/v1/recommendations',
    message: 'a defect'
  })
})
