import test from 'ava'
import { startEdge } from '../testing/edge-server.ts'

const keys = [
  { name: 'shop', secret: 'shop-key', scopes: ['read', 'write'] as const },
  { name: 'ops', secret: 'ops-key', scopes: ['admin'] as const }
]
const as = (key: string) => ({ headers: { authorization: `Bearer ${key}` } })

test('a person is erased, and the receipt is where the answer says', async t => {
  const { ask, shop } = await startEdge(t)
  const begun = await ask('/v1/users/u_1', { method: 'DELETE' })
  t.is(begun.status, 202)
  t.is(begun.headers.get('location'), '/v1/erasures/era_1')
  t.is(shop.erased.length, 1)
  const receipt = await ask('/v1/erasures/era_1')
  t.is(receipt.status, 200)
  t.deepEqual(receipt.body, begun.body)
})

test('an erasure that nobody has begun is 404', async t => {
  const { ask } = await startEdge(t)
  const { status, body } = await ask('/v1/erasures/era_9')
  t.is(status, 404)
  t.is(body.code, 'unknown_erasure')
})

test('erasing needs admin, and so does its receipt', async t => {
  const { ask, shop } = await startEdge(t, { auth: { keys } })
  for (const [path, method] of [
    ['/v1/users/u_1', 'DELETE'],
    ['/v1/erasures/era_1', 'GET']
  ]) {
    t.is((await ask(path, { method })).status, 401)
    t.is((await ask(path, { method, ...as('shop-key') })).status, 403)
  }
  t.is(shop.erased.length, 0)
  t.is((await ask('/v1/users/u_1', { method: 'DELETE', ...as('ops-key') })).status, 202)
})
