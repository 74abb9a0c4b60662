import test, { type ExecutionContext } from 'ava'
import { codeOf, stop } from '../../engine/errors.ts'
import { startEdge } from '../testing/edge-server.ts'
import { nodeHttp } from '../transport/node-http.ts'
import { all, type Operations } from './operations.ts'
import { remoteOperations } from './remote.ts'
import { operationRoutes } from './routes.ts'

const rowsTotal = 50_000

/** Two operations are enough: one that answers with many rows, one that fails behind its first. */
const operations = {
  async *scan({ limit }: { limit: number }) {
    for (let i = 0; i < limit; i++) yield { key: `k${i}`, partition: 0, value: 'x'.repeat(20) }
  },
  async *verify() {
    yield { name: 'a', what: 'store', read: 1, problems: [], problemsTotal: 0 }
    throw stop('disk_full', 'There is no space left.')
  }
} as unknown as Operations

type Keys = { secret: string; scopes: ('read' | 'admin')[] }[]

async function server(t: ExecutionContext, keys: Keys = []) {
  const { edge } = await startEdge(t, {
    auth: { keys },
    adminRoutes: operationRoutes({ operations, isAuthOn: keys.length > 0 })
  })
  const transport = nodeHttp(edge.admin)
  const url = `http://127.0.0.1:${await transport.listen({ host: '127.0.0.1', port: 0 })}`
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(url + path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers }
    })
  const end = () => transport.drain(0)
  return { url, post, end }
}

test('many rows come over whole and in order, however slowly they are read', async t => {
  const { url, end } = await server(t)
  t.teardown(end)
  const remote = remoteOperations(url, null)
  let next = 0
  for await (const { key } of remote.scan({ store: 's', prefix: '', limit: rowsTotal })) {
    if (key !== `k${next++}`) t.fail(`${key} is out of order`)
    if (next % 10_000 === 0) await new Promise(resolve => setTimeout(resolve, 20))
  }
  t.is(next, rowsTotal)
})

test('an error behind the first rows arrives as what it was', async t => {
  const { url, end } = await server(t)
  t.teardown(end)
  const error = await t.throwsAsync(all(remoteOperations(url, null).verify()))
  t.is(codeOf(error), 'disk_full')
})

test('parameters that an operation does not take are refused', async t => {
  const { post, end } = await server(t)
  t.teardown(end)
  for (const body of [
    null,
    [],
    {},
    { store: 's', prefix: '', limit: -1 },
    { store: 's', prefix: '', limit: 1, more: 1 }
  ]) {
    t.is((await post('/admin/scan', body)).status, 422, JSON.stringify(body))
  }
})

test('with keys, the commands need one with the scope admin', async t => {
  const { post, url, end } = await server(t, [
    { secret: 'reader', scopes: ['read'] },
    { secret: 'boss', scopes: ['admin'] }
  ])
  t.teardown(end)
  const body = { store: 's', prefix: '', limit: 1 }
  t.is((await post('/admin/scan', body)).status, 401)
  t.is((await post('/admin/scan', body, { authorization: 'Bearer reader' })).status, 403)
  t.is((await all(remoteOperations(url, 'boss').scan(body))).length, 1)
  t.is(codeOf(await t.throwsAsync(all(remoteOperations(url, null).scan(body)))), 'unauthenticated')
})

test('an instance that is gone is one sentence', async t => {
  const { url, end } = await server(t)
  await end()
  t.is(codeOf(await t.throwsAsync(all(remoteOperations(url, null).topics()))), 'instance_unreachable')
})
