import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'ava'
import type { NewRecord } from '../../engine/log/log.ts'
import { quantised } from '../../recommend/vectors/signed-projection.ts'
import { itemEmbeddings } from '../../schemas/topics.ts'
import { EmbeddingClient } from './embedding-client.ts'
import { EmbeddingFeed, type EmbeddingFeedOptions } from './embedding-feed.ts'

interface Asked {
  input: string[]
  model: string
  authorization: string | undefined
}
type Reply = { status?: number; body?: string; delayMs?: number }

const open: { close(): void }[] = []
test.after.always(() => {
  for (const server of open) server.close()
})

/** A service whose vectors say how long a text is; `reply` may answer otherwise. */
async function service(reply: (call: number) => Reply | null = () => null) {
  const asked: Asked[] = []
  const server: Server = createServer(async (request, response) => {
    const { input, model } = JSON.parse(await bodyOf(request))
    asked.push({ input, model, authorization: request.headers.authorization })
    const { status = 200, delayMs = 0, body } = reply(asked.length) ?? {}
    // The order of an answer is not that of the question.
    const data = input.map((text: string, index: number) => ({ index, embedding: vectorOf(text) })).reverse()
    setTimeout(() => response.writeHead(status).end(body ?? JSON.stringify({ data })), delayMs)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  open.push({
    close() {
      server.close()
      server.closeAllConnections()
    }
  })
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/embeddings` }
}

const vectorOf = (text: string) => Array.from({ length: 128 }, (_, i) => (i < text.length ? 1 : -1))

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += chunk
  return text
}

function start(url: string, options: Partial<EmbeddingFeedOptions> & { timeoutMs?: number } = {}) {
  const client = new EmbeddingClient({ url, model: 'small', apiKey: 'k1', timeoutMs: options.timeoutMs ?? 5_000 })
  const written: NewRecord[] = []
  const failures: unknown[] = []
  const feed = new EmbeddingFeed({
    embed: (texts, signal) => client.embed(texts, signal),
    quantise: quantised,
    append: async records => written.push(...records),
    now: () => 7,
    onFailed: error => failures.push(error),
    backOff: { firstMs: 5, maxMs: 20 },
    ...options
  })
  open.push({ close: () => void feed.close() })
  return { feed, written, failures }
}

const item = (title: string) => ({ title, category: 'home > tea', brand: null })

async function until(isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !isTrue(); i++) await new Promise(resolve => setTimeout(resolve, 10))
}

test('products that come together are asked about together, in batches of a bounded size', async t => {
  const { asked, url } = await service()
  const { feed, written } = start(url, { batchMax: 10 })
  for (let i = 0; i < 25; i++) feed.offer(`p${i}`, item(`cup ${i}`))
  await until(() => written.length === 25)
  t.deepEqual(
    asked.map(({ input }) => input.length),
    [10, 10, 5]
  )
  t.deepEqual(asked[0], {
    input: Array.from({ length: 10 }, (_, i) => `cup ${i}\nhome > tea`),
    model: 'small',
    authorization: 'Bearer k1'
  })
  for (const [i, { key, value, timestamp }] of written.entries()) {
    t.deepEqual([key, timestamp], [`p${i}`, 7])
    const { vector } = itemEmbeddings.value.decode(value as Buffer) as { vector: Buffer }
    t.deepEqual(new Int8Array(vector), quantised(vectorOf(`cup ${i}\nhome > tea`)))
  }
})

test('a text that has not changed is not asked about again; a product that is gone is taken back', async t => {
  const { asked, url } = await service()
  const { feed, written } = start(url)
  feed.offer('p1', item('cup'))
  await until(() => written.length === 1)
  feed.offer('p1', item('cup'))
  feed.offer('p1', null)
  await until(() => written.length === 2)
  t.is(asked.length, 1)
  t.deepEqual(written[1], { key: 'p1', value: null, timestamp: 7 })
  feed.offer('p1', item('cup'))
  await until(() => written.length === 3)
  t.is(asked.length, 2)
})

for (const [what, reply, timeoutMs] of [
  ['is busy', { status: 503 }, 5_000],
  ['is slow', { delayMs: 2_000 }, 100]
] as const) {
  test(`a service that ${what} is asked again until it answers`, async t => {
    const { asked, url } = await service(call => (call <= 2 ? reply : null))
    const { feed, written, failures } = start(url, { timeoutMs })
    feed.offer('p1', item('cup'))
    await until(() => written.length === 1)
    t.is(written.length, 1)
    t.is(asked.length, 3)
    t.like(failures, { 0: { code: 'embedding_service_unavailable', remedy: 'retry' }, length: 2 })
  })
}

test('a service that is not there costs nothing but terms', async t => {
  const { feed, written, failures } = start('http://127.0.0.1:9/v1/embeddings')
  feed.offer('p1', item('cup'))
  await until(() => failures.length >= 2)
  t.like(failures[0], { code: 'embedding_service_unavailable' })
  t.is(feed.waiting, 1)
  await feed.close()
  t.deepEqual(written, [])
})

for (const [what, reply] of [
  ['refuses', { status: 401 }],
  ['answers no JSON', { body: 'hello' }],
  ['leaves a text out', { body: JSON.stringify({ data: [] }) }],
  ['answers words', { body: JSON.stringify({ data: [{ index: 0, embedding: ['a'] }] }) }],
  ['sends without end', { body: 'x'.repeat(9 << 20) }]
] as const) {
  test(`texts that a service ${what} keep their terms, and the next are asked about`, async t => {
    const { url } = await service(call => (call === 1 ? reply : null))
    const { feed, written, failures } = start(url)
    feed.offer('p1', item('cup'))
    await until(() => failures.length === 1)
    t.like(failures[0], { code: 'embedding_service_refused', remedy: 'skip' })
    feed.offer('p2', item('pot'))
    await until(() => written.length === 1)
    t.deepEqual(
      written.map(({ key }) => key),
      ['p2']
    )
  })
}

test('what waits is bounded: products beyond keep their terms until they change', async t => {
  const { url } = await service(() => ({ status: 503 }))
  const { feed } = start(url, { waitingMax: 100, backOff: { firstMs: 60_000, maxMs: 60_000 } })
  for (let i = 0; i < 1_000; i++) feed.offer(`p${i}`, item(`cup ${i}`))
  t.is(feed.waiting, 100)
  await feed.close()
})
