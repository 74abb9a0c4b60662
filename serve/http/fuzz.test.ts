import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import test from 'ava'
import fc from 'fast-check'
import { type EdgeServer, startEdge } from '../testing/edge-server.ts'
import { bytesOf, isFine, MalformedClient } from '../testing/malformed-client.ts'
import { body, record, request } from '../testing/malformed-requests.ts'
import { RawConnection } from '../testing/raw-http.ts'
import { SocketClient } from '../transport/socket-client.ts'

/** `MILLRACE_SEED` repeats a run. */
const seed = Number(process.env.MILLRACE_SEED ?? Math.floor(Math.random() * 2 ** 31))
const heapGrowthMax = 16 << 20

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heapAfterCollection(): number {
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

async function healthy(server: EdgeServer): Promise<boolean> {
  const { status } = await server.ask('/v1/recommendations?surface=home')
  return status === 200 && server.incidents.length === 0
}

test('10,000 malformed requests are answered with a reason, and leave nothing behind', async t => {
  t.log(`seed ${seed}`)
  t.timeout(170_000)
  const server = await startEdge(t)
  const client = new MalformedClient(server.port)
  const statuses = new Map<number, number>()
  const run = (numRuns: number) =>
    fc.assert(
      fc.asyncProperty(request, async one => {
        const answer = await client.ask(one)
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
        server.shop.events.length = server.shop.rows.length = server.shop.merges.length = 0
        if (!isFine(answer, one)) throw new TypeError(`${answer.status} ${answer.text.slice(0, 300)}`)
      }),
      { seed, numRuns }
    )
  await run(2_000)
  const before = heapAfterCollection()
  await run(10_000)
  const grown = heapAfterCollection() - before
  client.close()
  t.log(Object.fromEntries([...statuses].sort()))
  t.true(await healthy(server))
  t.true(grown < heapGrowthMax, `the heap grew by ${grown} bytes`)
  for (const status of [200, 202, 400, 404, 405, 415, 422])
    t.true((statuses.get(status) ?? 0) > 20, `${status} was hardly met`)
})

test('1,000 connections of random bytes end without harm', async t => {
  t.log(`seed ${seed}`)
  const server = await startEdge(t)
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map(one => Buffer.from(one)),
    fc.tuple(request, fc.nat(), fc.uint8Array({ maxLength: 5 })).map(([one, at, noise]) => {
      const whole = Buffer.from(bytesOf(one), 'latin1')
      const cut = at % whole.length
      return Buffer.concat([whole.subarray(0, cut), Buffer.from(noise), whole.subarray(cut)])
    })
  )
  await fc.assert(
    fc.asyncProperty(bytes, async one => {
      const connection = new RawConnection(server.port)
      connection.socket.end(one)
      const received = await connection.untilClosed()
      if (/^HTTP\/1.1 5/m.test(received)) throw new TypeError(received.slice(0, 300))
    }),
    { seed, numRuns: 1_000 }
  )
  t.true(await healthy(server))
})

const message = fc.oneof(
  { arbitrary: body, weight: 1 },
  {
    arbitrary: fc
      .record({
        type: fc.constantFrom('subscribe', 'event', 'event', 'event', 'complete', 'ping', 'pong'),
        id: fc.integer({ min: 0, max: 1_000_000 }).map(String),
        payload: record
      })
      .map(one => JSON.stringify(one)),
    weight: 60
  }
)

test('10,000 malformed messages end their socket by the protocol or are answered, and leave nothing behind', async t => {
  t.log(`seed ${seed}`)
  t.timeout(170_000)
  const server = await startEdge(t)
  const codes = new Map<number, number>()
  let sent = 0
  const run = (numRuns: number) =>
    fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 10, maxLength: 30 }), async messages => {
        const client = await new SocketClient(server.socketUrl).init()
        for (const one of messages) {
          if (client.socket.readyState !== client.socket.OPEN) break
          client.send(one)
          sent++
        }
        client.socket.close(1000)
        const { code } = await client.closed
        codes.set(code, (codes.get(code) ?? 0) + 1)
        server.shop.events.length = 0
        if (![1000, 4400, 4401, 4409, 4429, 1007, 1009].includes(code)) throw new TypeError(`closed with ${code}`)
      }),
      { seed, numRuns }
    )
  await run(100)
  const before = heapAfterCollection()
  await run(600)
  const grown = heapAfterCollection() - before
  t.log(sent, Object.fromEntries([...codes].sort()))
  t.true(sent >= 10_000)
  t.true(await healthy(server))
  t.true(grown < heapGrowthMax, `the heap grew by ${grown} bytes`)
  const { body: metrics } = await server.askAdmin('/metrics')
  t.regex(metrics, /^millrace_ws_subscriptions 0$/m)
})
