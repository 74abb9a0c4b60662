import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import test, { type ExecutionContext } from 'ava'
import { codeOf, MillraceError } from '../../engine/errors.ts'
import { avroCodec, schemaText } from '../../schemas/avro.ts'
import { RegistryIds } from './registry-ids.ts'

const merges = { subject: 'merges-value', schema: 'merge' }
const older = JSON.stringify({
  type: 'record',
  name: 'Merge',
  namespace: 'millrace',
  fields: [{ name: 'user_id', type: 'string' }]
})

/** The API in a few lines; a thread of its own answers while this one waits. */
const server = `
import { createServer } from 'node:http'
import { parentPort } from 'node:worker_threads'
let state = { subjects: {}, byId: {}, next: 5, fails: 0, requests: 0 }
parentPort.on('message', change => {
  if (change === 'tell') parentPort.postMessage(state)
  else { Object.assign(state, change); parentPort.postMessage('done') }
})
const http = createServer((request, response) => {
  let body = ''
  request.on('data', part => { body += part })
  request.on('end', () => {
    state.requests++
    const answer = (status, json) => { response.writeHead(status); response.end(typeof json === 'string' ? json : JSON.stringify(json)) }
    if (state.fails > 0) { state.fails--; return answer(500, 'oops') }
    if (state.login && request.headers.authorization !== state.login) return answer(401, { message: 'who are you' })
    const [, kind, name, , version] = request.url.split('/')
    const schemas = state.subjects[name] ?? []
    if (kind === 'schemas') {
      const schema = state.byId[version ?? request.url.split('/')[3]]
      return schema ? answer(200, { schema }) : answer(404, { error_code: 40403 })
    }
    if (request.method === 'GET') return schemas.length ? answer(200, { schema: schemas.at(-1).schema }) : answer(404, { error_code: 40401 })
    const { schema } = JSON.parse(body)
    const known = schemas.find(one => one.schema === schema)
    if (known) return answer(200, { id: known.id })
    if (!request.url.endsWith('/versions')) return answer(404, { error_code: 40401 })
    if (state.refuses) return answer(409, { message: 'no' })
    const id = state.next++
    state.subjects[name] = [...schemas, { id, schema }]
    state.byId[id] = schema
    answer(200, { id })
  })
})
http.listen(0, '127.0.0.1', () => parentPort.postMessage(http.address().port))
`

async function story(t: ExecutionContext, first: object = {}) {
  const worker = new Worker(server, { eval: true })
  const next = () => new Promise<any>(resolve => worker.once('message', resolve))
  const port = await next()
  const folder = mkdtempSync(join(tmpdir(), 'millrace-registry-'))
  const opened: RegistryIds[] = []
  const problems: string[] = []
  t.teardown(async () => {
    await Promise.all(opened.map(ids => ids.close()))
    await worker.terminate()
    rmSync(folder, { recursive: true })
  })
  const registry = {
    folder,
    problems,
    async set(change: object) {
      worker.postMessage(change)
      await next()
    },
    async tell() {
      worker.postMessage('tell')
      return await next()
    },
    stop: () => worker.terminate(),
    async open(more: object = {}) {
      const ids = await RegistryIds.open({
        registry: { url: `http://127.0.0.1:${port}/`, patienceMs: 300, ...more },
        subjects: [merges],
        cacheFile: join(folder, 'ids.json'),
        lookupMs: 2000,
        onProblem: error => problems.push(error.code),
        ...more
      })
      opened.push(ids)
      return ids
    }
  }
  await registry.set(first)
  return registry
}

const failure = async (work: Promise<unknown> | (() => unknown)) => {
  try {
    await (typeof work === 'function' ? work() : work)
    return 'none'
  } catch (error) {
    return error instanceof MillraceError ? `${error.code} ${error.remedy}` : String(error)
  }
}

test('a schema that is not there is registered once, and written under its id', async t => {
  const registry = await story(t)
  const codec = avroCodec<object>('merge', await registry.open())
  const bytes = codec.encode({ from: 'device', user_id: 'u1', ts: 5 })
  t.is(bytes.readUInt32BE(1), 5)
  t.like(codec.decode(bytes), { user_id: 'u1', ts: 5 })
  t.is((await registry.open()).idOf('merge'), 5)
  t.is((await registry.tell()).subjects[merges.subject].length, 1)
})

test('a schema that cannot read what was written before is refused before anything is registered', async t => {
  const strange = JSON.stringify({ type: 'record', name: 'Merge', namespace: 'millrace', fields: [] })
  const registry = await story(t, { subjects: { [merges.subject]: [{ id: 1, schema: strange }] } })
  t.is(await failure(registry.open()), 'schema_incompatible stop')
  t.is((await registry.tell()).subjects[merges.subject].length, 1)
})

test('what the registry’s own rules forbid is said', async t => {
  const registry = await story(t, { refuses: true })
  t.is(await failure(registry.open()), 'schema_incompatible stop')
})

test('where others register, a schema that is not there stops the start', async t => {
  const registry = await story(t)
  t.is(await failure(registry.open({ mayRegister: false })), 'schema_not_registered stop')
  t.deepEqual((await registry.tell()).subjects, {})
})

test('a registry that fails for a while is asked again', async t => {
  const registry = await story(t, { fails: 3 })
  t.is((await registry.open({ patienceMs: 10_000 })).idOf('merge'), 5)
  t.deepEqual(registry.problems, [])
})

test('a registry that goes on failing ends the start of a process that never saw it', async t => {
  const registry = await story(t, { fails: 1000 })
  t.is(await failure(registry.open()), 'registry_unavailable retry')
})

test('with what the registry told before, a process starts and reads while it is away', async t => {
  const registry = await story(t, { byId: { 3: older } })
  const ids = await registry.open()
  ids.writtenUnder(3)
  await registry.stop()
  const again = await registry.open()
  t.is(again.idOf('merge'), 5)
  t.deepEqual(again.writtenUnder(3), JSON.parse(older))
  t.deepEqual(registry.problems, ['registry_unavailable'])
})

test('the cache of another registry is not used', async t => {
  const registry = await story(t)
  await registry.open()
  const stored = JSON.parse(readFileSync(join(registry.folder, 'ids.json'), 'utf8'))
  t.is(stored.ids[schemaText('merge')], 5)
  await registry.stop()
  t.is(await failure(registry.open({ url: 'http://127.0.0.1:1' })), 'registry_unavailable retry')
})

test('an id that others write is asked for once', async t => {
  const registry = await story(t, { byId: { 3: older } })
  const ids = await registry.open()
  const { requests } = await registry.tell()
  t.deepEqual(ids.writtenUnder(3), JSON.parse(older))
  t.deepEqual(ids.writtenUnder(3), JSON.parse(older))
  t.is((await registry.tell()).requests, requests + 1)
})

test('a record under an id that nobody knows is a dead letter, and the registry is not asked for each', async t => {
  const registry = await story(t)
  const codec = avroCodec('merge', await registry.open())
  const { requests } = await registry.tell()
  for (let i = 0; i < 3; i++)
    t.is(await failure(() => codec.decode(Buffer.from('0000000063', 'hex'))), 'unknown_schema_id skip')
  t.is((await registry.tell()).requests, requests + 1)
})

test('a record under an id that cannot be found out now waits, and is read once the registry is back', async t => {
  const registry = await story(t, { byId: { 3: older } })
  const ids = await registry.open({ lookupMs: 700 })
  await registry.set({ fails: 1000 })
  t.is(await failure(() => ids.writtenUnder(3)), 'registry_unavailable retry')
  const started = performance.now()
  t.is(await failure(() => ids.writtenUnder(3)), 'registry_unavailable retry')
  t.true(performance.now() - started < 100, 'the thread is not stopped again at once')
  await registry.set({ fails: 0 })
  await new Promise(resolve => setTimeout(resolve, 1100))
  t.deepEqual(ids.writtenUnder(3), JSON.parse(older))
})

test('a registry that wants a password gets it, and refuses in words', async t => {
  const login = `Basic ${Buffer.from('me:s3cret').toString('base64')}`
  const registry = await story(t, { login })
  t.is(await failure(registry.open()), 'registry_refused stop')
  t.is((await registry.open({ username: 'me', password: 's3cret' })).idOf('merge'), 5)
})

test('a registry that answers something else is not believed', async t => {
  const http = createServer((_, response) => response.end('<html>')).listen(0, '127.0.0.1')
  await new Promise(resolve => http.once('listening', resolve))
  const { port } = http.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const error = await t.throwsAsync(RegistryIds.open({ registry: { url, patienceMs: 200 }, subjects: [merges] }))
  http.close()
  t.is(codeOf(error), 'registry_refused')
})
