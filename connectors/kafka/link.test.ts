import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { type Connection, Reader } from '@platformatic/kafka'
import test from 'ava'
import fc from 'fast-check'
import { codeOf, MillraceError } from '../../engine/errors.ts'
import { Cluster } from './cluster.ts'
import { parseFetchResponse } from './fetch-request.ts'
import { Link } from './link.ts'
import { offsetsOf } from './list-offsets.ts'
import { parseProduceResponse } from './produce-request.ts'

const seed = Number(process.env.SEED ?? 20_240_101)

/** A server that answers every request with what `answer` says. */
async function server(answer: (request: Buffer, socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const tcp = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('data', piece => answer(piece, socket))
  })
  tcp.listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  const address = tcp.address()
  return {
    bootstrap: [`127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`],
    get connections() {
      return sockets.size
    },
    close() {
      for (const socket of sockets) socket.destroy()
      tcp.close()
    }
  }
}

const hurried = {
  connectTimeoutMs: 300,
  requestTimeoutMs: 200,
  retryTimeoutMs: 400,
  backOff: { initialMs: 10, maxMs: 50 }
}

test('answers that are no Kafka at all end in one of our errors, never in a crash', async t => {
  t.log(`seed ${seed}`)
  const samples = fc.sample(fc.uint8Array({ minLength: 1, maxLength: 200 }), { seed, numRuns: 12 })
  for (const sample of samples) {
    const garbage = await server((_, socket) => socket.write(sample))
    const cluster = new Cluster({ bootstrap: garbage.bootstrap, ...hurried })
    const error = await t.throwsAsync(offsetsOf(cluster, [{ topic: 't', partition: 0 }], 'earliest'))
    t.true(error instanceof MillraceError)
    await cluster.close()
    garbage.close()
  }
})

test('answers with the right frame and garbage in it end in one of our errors', async t => {
  t.log(`seed ${seed}`)
  const samples = fc.sample(fc.uint8Array({ minLength: 1, maxLength: 200 }), { seed, numRuns: 12 })
  for (const sample of samples) {
    const garbage = await server((request, socket) => {
      const frame = Buffer.alloc(8 + sample.length)
      frame.writeInt32BE(4 + sample.length, 0)
      request.copy(frame, 4, 8, 12)
      frame.set(sample, 8)
      socket.write(frame)
    })
    const cluster = new Cluster({ bootstrap: garbage.bootstrap, ...hurried })
    t.true((await t.throwsAsync(cluster.retrying('trying', () => cluster.allTopics()))) instanceof MillraceError)
    await cluster.close()
    garbage.close()
  }
})

test('a server that says nothing is given up after the time-out, with few connections', async t => {
  const silent = await server(() => {})
  const cluster = new Cluster({ bootstrap: silent.bootstrap, ...hurried })
  const error = await t.throwsAsync(cluster.retrying('trying', () => cluster.anyLink()))
  t.is(codeOf(error), 'kafka_unavailable')
  t.true(silent.connections < 10)
  await cluster.close()
  silent.close()
})

test('a client that is closed answers at once', async t => {
  const cluster = new Cluster({ bootstrap: ['127.0.0.1:1'], retryTimeoutMs: 60_000 })
  const asked = cluster.retrying('trying', () => cluster.anyLink())
  await new Promise(resolve => setTimeout(resolve, 50))
  await cluster.close()
  t.is(codeOf(await t.throwsAsync(asked)), 'kafka_closed')
  t.is(codeOf(await t.throwsAsync(cluster.retrying('trying', () => cluster.anyLink()))), 'kafka_closed')
})

test('garbage as a fetch or produce response is refused, never in a loop', t => {
  t.log(`seed ${seed}`)
  const parsers = [parseFetchResponse, parseProduceResponse]
  const property = fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(1), (bytes, which) => {
    try {
      parsers[which](Reader.from(Buffer.from(bytes)))
    } catch (error) {
      if (!(error instanceof Error)) throw error
    }
  })
  t.notThrows(() => fc.assert(property, { seed, numRuns: 3000 }))
})

test('a broker that throttles is left alone for as long as it says', async t => {
  const sentMs: number[] = []
  const api = {
    key: 3,
    version: 1,
    async: async () => {
      sentMs.push(performance.now())
      return { throttleTimeMs: sentMs.length === 1 ? 150 : 0 }
    }
  }
  const connection = { isConnected: () => true, close: async () => undefined } as unknown as Connection
  const link = new Link(connection, new Map([[3, [0, 1]]]), new AbortController().signal)
  for (let i = 0; i < 3; i++) await link.send([api], 'trying')
  t.true(sentMs[1] - sentMs[0] >= 145)
  t.true(sentMs[2] - sentMs[1] < 100)
})

test('the newest version that both sides know is used, and none is an error for the operator', async t => {
  const used: number[] = []
  const api = (version: number) => ({ key: 3, version, async: async () => void used.push(version) })
  const connection = { isConnected: () => true, close: async () => undefined } as unknown as Connection
  const link = (max: number) => new Link(connection, new Map([[3, [1, max]]]), new AbortController().signal)
  const apis = [api(9), api(7), api(4)]
  for (const max of [12, 9, 8, 4]) await link(max).send(apis, 'trying')
  t.deepEqual(used, [9, 9, 7, 4])
  t.is(codeOf(await t.throwsAsync(link(3).send(apis, 'trying'))), 'kafka_version_unsupported')
})

test('more requests than a connection may hold are refused', async t => {
  const stuck = { key: 3, version: 1, async: () => new Promise<void>(() => undefined) }
  const connection = { isConnected: () => true, close: async () => undefined } as unknown as Connection
  const link = new Link(connection, new Map([[3, [1, 1]]]), new AbortController().signal)
  for (let i = 0; i < 256; i++) void link.send([stuck], 'trying')
  t.is(codeOf(await t.throwsAsync(link.send([stuck], 'trying'))), 'kafka_backlog')
})
