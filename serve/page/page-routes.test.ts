import test from 'ava'
import { startEdge } from '../testing/edge-server.ts'
import { startShop } from '../testing/page-shop.ts'
import { RawConnection } from '../testing/raw-http.ts'

test('the page comes with a policy that lets in only what its own server sends', async t => {
  const { ask } = await startShop(t)
  const page = await ask('/')
  t.is(page.status, 200)
  t.regex(page.headers.get('content-type') ?? '', /^text\/html/)
  const policy = page.headers.get('content-security-policy') ?? ''
  t.true(policy.includes("default-src 'none'"))
  t.true(policy.includes("script-src 'self';"))
  t.true(policy.includes("frame-ancestors 'none'"))
  t.false(policy.includes('unsafe'))
  t.is(page.headers.get('x-content-type-options'), 'nosniff')
})

test('the page has no inline script, style or handler, and names no other server', async t => {
  const { ask } = await startShop(t)
  const { body } = await ask('/')
  t.notRegex(body, /<script(?![^>]* src=)|<style|\sstyle=|\son\w+=/)
  t.notRegex(body, /(src|href)="(https?:)?\/\//)
})

test('every file that the page asks for is served', async t => {
  const { ask } = await startShop(t)
  const seen = new Set<string>()
  const follow = async (path: string) => {
    if (seen.has(path)) return
    seen.add(path)
    const { status, body } = await ask(path)
    t.is(status, 200, path)
    const named = [...body.matchAll(/(?:src|href)="(\/page\/[^"]+)"|from '\.(\/[^']+)'/g)]
    for (const [, absolute, beside] of named) await follow(absolute ?? `/page${beside}`)
  }
  await follow('/')
  t.true(seen.has('/page/socket.js'))
})

test('what a browser has already is not sent again', async t => {
  const { ask } = await startShop(t)
  const first = await ask('/page/page.js')
  const etag = first.headers.get('etag') ?? ''
  t.is(first.headers.get('cache-control'), 'no-cache')
  const again = await ask('/page/page.js', { headers: { 'if-none-match': `"old", W/${etag}` } })
  t.is(again.status, 304)
  t.is(again.body, '')
})

test('only the files of the page are served, however a path is written', async t => {
  const { port } = await startShop(t)
  const paths = [
    '/page/../page-routes.ts',
    '/page/%2e%2e/page-routes.ts',
    '/page/..%2fpage-routes.ts',
    '/page/..\\page-routes.ts',
    '/page//page.js',
    '/page/page.js%00',
    '/page/',
    '/page'
  ]
  for (const path of paths) {
    const connection = new RawConnection(port)
    connection.send(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`)
    t.regex(await connection.untilClosed(), /^HTTP\/1\.1 40[04]/, path)
  }
})

test('products are found by the beginnings of their words, or named by id', async t => {
  const { ask } = await startShop(t)
  t.deepEqual(titlesOf(await ask('/page/products?q=prod%203')), ['Product 3', 'Product 30'])
  t.deepEqual(titlesOf(await ask('/page/products?id=p2&id=nothing&id=p1')), ['Product 2', 'Product 1'])
})

test('customers are found by name or country', async t => {
  const { ask } = await startShop(t)
  const { body } = await ask('/page/customers?q=france')
  t.deepEqual(body.customers, [{ user_id: 'u2', name: 'Berthe', country: 'France', orders: 7 }])
})

test('a look-up that is too long is refused with what to change', async t => {
  const { ask } = await startShop(t)
  const long = await ask(`/page/products?q=${'x'.repeat(101)}`)
  t.is(long.status, 422)
  t.is(long.body.code, 'invalid_parameter')
  const many = await ask(`/page/products?${'id=p&'.repeat(101)}`)
  t.is(many.status, 422)
})

test('the status is what the shop says', async t => {
  const { ask, directory } = await startShop(t)
  directory.load = { rows: 5, rows_total: 10, done: false }
  t.deepEqual((await ask('/page/status')).body, { load: directory.load, staleness_ms: 3, events: 0 })
})

test('with keys, the files stay open and the look-ups need the scope admin', async t => {
  const keys = [
    { secret: 'reader', scopes: ['read'] as const },
    { secret: 'chief', scopes: ['admin'] as const }
  ]
  const { ask } = await startShop(t, { auth: { keys } })
  t.is((await ask('/')).status, 200)
  for (const path of ['/page/products?q=a', '/page/customers', '/page/status']) {
    t.is((await ask(path)).status, 401, path)
    t.is((await ask(path, { headers: { 'x-api-key': 'reader' } })).status, 403, path)
    t.is((await ask(path, { headers: { 'x-api-key': 'chief' } })).status, 200, path)
  }
})

test('without the page, its paths are not there', async t => {
  const { ask } = await startEdge(t)
  t.is((await ask('/')).status, 404)
})

function titlesOf({ body }: { body: { products: { title: string }[] } }): string[] {
  return body.products.map(product => product.title)
}
