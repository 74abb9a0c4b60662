import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext, TestFn } from 'ava'
import { WebSocket } from 'ws'
import { head, RawConnection } from '../testing/raw-http.ts'
import type { Admission, Channel, CreateTransport, HttpApp, Reply, Request, TransportLimits } from './transport.ts'

const text = (status: number, body: string | Buffer): Reply => ({
  status,
  headers: ['content-type', 'text/plain'],
  body
})

/** Says back what it was asked; paths choose the way of answering. */
class EchoApp implements HttpApp {
  readonly channels: Channel[] = []
  readonly heard: string[] = []
  drains = 0
  closes = 0
  answer: (request: Request) => Reply | Promise<Reply> = request => text(200, request.body)

  admit(request: Request): Reply | Admission {
    if (request.path === '/refused') return text(403, 'no')
    if (request.path === '/stream') return { ...this.admission(request), answer: () => this.stream() }
    return this.admission(request)
  }

  private admission(request: Request): Admission {
    return { bodyBytesMax: 1000, answer: () => this.answer(request), failed: problem => text(413, problem) }
  }

  private stream(): Reply {
    return { ...text(200, 'first;'), stream: channel => this.listen(channel) }
  }

  private listen(channel: Channel) {
    this.channels.push(channel)
    return {
      message: (heard: string) => {
        this.heard.push(heard)
        channel.send(`re:${heard}`)
      },
      drained: () => this.drains++,
      closed: () => this.closes++
    }
  }

  refuse = (problem: string) =>
    text(problem === 'headers_too_large' ? 431 : problem === 'request_timeout' ? 408 : 400, problem)

  readonly sockets = {
    subprotocol: 'echo.v1',
    messageBytesMax: 1000,
    badMessageCode: 4400,
    refuse: (request: Request) => (request.path === '/ws' ? null : text(404, 'no socket here')),
    open: (channel: Channel) => this.listen(channel)
  }
}

async function opened(t: ExecutionContext, create: CreateTransport, limits: Partial<TransportLimits> = {}) {
  const app = new EchoApp()
  const transport = create(app, limits)
  const port = await transport.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => transport.drain(0))
  return { app, transport, port, url: `http://127.0.0.1:${port}` }
}

async function closedWith(socket: WebSocket): Promise<{ code: number; reason: string }> {
  return new Promise(resolve => socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })))
}

async function connected(port: number, path = '/ws', protocol: string | undefined = 'echo.v1'): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocol)
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject))
  return socket
}

async function eventually(t: { true(value: boolean, message?: string): void }, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 300 && !holds(); i++) await sleep(10)
  t.true(holds(), holds.toString())
}

/** Where a transport leaves the reading of heads to a library that has its own ways. */
export interface HeadTraits {
  /** Requests that come while an earlier reply is waited for are answered in turn; else the connection ends. */
  queuesRequests: boolean
  /** `Expect: 100-continue` is answered after the application has decided. */
  continuesWhenAdmitted: boolean
  /** `headersTimeoutMs` holds, and is told with 408; else the library's own time, without a word. */
  timesHeads: boolean
  /** Bytes that are no request are answered with 400 at once; else they are a head that does not end. */
  answersMalformed: boolean
}

/** What every transport does, but for what its traits say. */
export function transportContract(test: TestFn, create: CreateTransport, traits: HeadTraits): void {
  requests(test, create)
  pipelining(test, create, traits)
  refusals(test, create, traits)
  limitsHold(test, create, traits)
  streams(test, create)
  sockets(test, create)
  draining(test, create)
}

function requests(test: TestFn, create: CreateTransport): void {
  test('a request arrives with its method, path, query, headers, address and body', async t => {
    const { app, url } = await opened(t, create)
    app.answer = ({ method, path, query, ip, body, receivedMs, header: _, ...request }) =>
      text(
        201,
        JSON.stringify({
          method,
          path,
          query,
          ip,
          body: body.toString(),
          isTimed: receivedMs > 0,
          request: typeof request
        })
      )
    const response = await fetch(`${url}/a%20b/c?d=e%26&f`, { method: 'POST', body: 'héllo' })
    t.is(response.status, 201)
    t.is(response.headers.get('content-type'), 'text/plain')
    t.like(await response.json(), {
      method: 'POST',
      path: '/a%20b/c',
      query: 'd=e%26&f',
      ip: '127.0.0.1',
      body: 'héllo',
      isTimed: true
    })
    app.answer = request => text(200, `${request.header('x-one')}|${request.header('x-none')}`)
    t.is(await (await fetch(url, { headers: { 'X-One': '1' } })).text(), '1|undefined')
  })

  test('a chunked body is read to its end', async t => {
    const { port } = await opened(t, create)
    const connection = new RawConnection(port)
    connection.send(
      head(['POST / HTTP/1.1', 'Host: x', 'Transfer-Encoding: chunked', 'Connection: close'], '3\r\nabc\r\n')
    )
    await sleep(20)
    connection.send('2\r\nde\r\n0\r\n\r\n')
    t.regex(await connection.untilClosed(), /\r\n\r\nabcde$/)
  })

  test('HEAD has the headers of GET and no body', async t => {
    const { app, port, url } = await opened(t, create)
    app.answer = () => text(200, 'twelve bytes')
    const response = await fetch(url, { method: 'HEAD' })
    t.is(response.headers.get('content-length'), '12')
    t.is(await response.text(), '')
    const connection = new RawConnection(port)
    connection.send(head(['HEAD / HTTP/1.1', 'Host: x']))
    await connection.until(/\r\n\r\n$/)
    connection.send(head(['GET / HTTP/1.1', 'Host: x', 'Connection: close']))
    t.regex(await connection.untilClosed(), /\r\n\r\nHTTP\/1.1 200 [\s\S]*\r\n\r\ntwelve bytes$/)
  })
}

function pipelining(test: TestFn, create: CreateTransport, { queuesRequests }: HeadTraits): void {
  const three = ['/1', '/2', '/3'].map(path => head([`GET ${path} HTTP/1.1`, 'Host: x'])).join('')
  const answersIn = (received: string) => [...received.matchAll(/answer\/\d/g)].map(String)

  test('requests that are sent at once are answered in order', async t => {
    const { app, port } = await opened(t, create)
    app.answer = request => text(200, `answer${request.path}`)
    const connection = new RawConnection(port)
    connection.send(three)
    await connection.until(/answer\/3/)
    t.deepEqual(answersIn(connection.received), ['answer/1', 'answer/2', 'answer/3'])
    connection.socket.destroy()
  })

  const whatHappens = queuesRequests ? 'is answered in turn' : 'ends the connection and mixes nothing up'
  test(`a request that comes while an earlier reply is waited for ${whatHappens}`, async t => {
    const { app, port, url } = await opened(t, create)
    app.answer = async request => {
      if (request.path === '/1') await sleep(30)
      return text(200, `answer${request.path}`)
    }
    const connection = new RawConnection(port)
    connection.send(three)
    if (queuesRequests) await connection.until(/answer\/3/)
    else await connection.untilClosed()
    t.deepEqual(answersIn(connection.received), queuesRequests ? ['answer/1', 'answer/2', 'answer/3'] : [])
    connection.socket.destroy()
    t.is(await (await fetch(`${url}/4`)).text(), 'answer/4')
  })
}

function refusals(test: TestFn, create: CreateTransport, traits: HeadTraits): void {
  test('a refusal on the head is told before the body is read', async t => {
    const { port } = await opened(t, create)
    const connection = new RawConnection(port)
    connection.send(head(['POST /refused HTTP/1.1', 'Host: x', 'Content-Length: 1000000', 'Expect: 100-continue']))
    const received = await connection.until(/no$/)
    t.regex(received, /^(HTTP\/1.1 100 Continue\r\n\r\n)?HTTP\/1.1 403 /)
    t.is(/100 Continue/.test(received), !traits.continuesWhenAdmitted)
    connection.socket.destroy()
  })

  test('a refused request with a small body does not cost its connection', async t => {
    const { port } = await opened(t, create)
    const connection = new RawConnection(port)
    connection.send(head(['POST /refused HTTP/1.1', 'Host: x', 'Content-Length: 5'], 'abcde'))
    await connection.until(/no$/)
    connection.send(head(['POST / HTTP/1.1', 'Host: x', 'Content-Length: 3', 'Connection: close'], 'xyz'))
    t.regex(await connection.untilClosed(), /^HTTP\/1.1 403 [\s\S]*HTTP\/1.1 200 [\s\S]*xyz$/)
  })

  test('an announced body that is too large is refused unread, and the caller sees why', async t => {
    const { url } = await opened(t, create)
    const response = await fetch(url, { method: 'POST', body: 'x'.repeat(300_000) })
    t.is(response.status, 413)
    t.is(await response.text(), 'body_too_large')
  })

  test('a chunked body is refused as soon as it is too large', async t => {
    const { port } = await opened(t, create)
    const connection = new RawConnection(port)
    connection.send(head(['POST / HTTP/1.1', 'Host: x', 'Transfer-Encoding: chunked']))
    for (let i = 0; i < 3; i++) connection.send(`200\r\n${'x'.repeat(512)}\r\n`)
    t.regex(await connection.untilClosed(), /^HTTP\/1.1 413 [\s\S]*body_too_large$/)
  })

  const malformed = [
    ['no HTTP', 'hello\r\n\r\n'],
    ['a bad header', 'GET / HTTP/1.1\r\nHost : x\r\n\r\n']
  ]
  const ambiguous = [
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
    ],
    ['a bad length', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\nab'],
    ['a bad chunk', 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n']
  ]
  for (const [name, bytes] of traits.answersMalformed ? [...malformed, ...ambiguous] : ambiguous) {
    test(`${name} is answered with 400 and the connection ends`, async t => {
      const { port } = await opened(t, create)
      const connection = new RawConnection(port)
      connection.send(bytes)
      t.regex(await connection.untilClosed(), /^HTTP\/1.1 400 /)
    })
  }

  if (!traits.answersMalformed) {
    for (const [name, bytes] of malformed) {
      test(`${name} never becomes a request`, async t => {
        const { app, port } = await opened(t, create)
        app.answer = () => t.fail() as never
        const connection = new RawConnection(port)
        connection.send(bytes)
        await connection.untilClosed()
        t.notRegex(connection.received, /^HTTP\/1.1 200/)
      })
    }
  }

  test('headers that are too large are answered with 431', async t => {
    const { port } = await opened(t, create, { headerBytesMax: 2000 })
    const connection = new RawConnection(port)
    connection.send(head(['GET / HTTP/1.1', 'Host: x', `X: ${'y'.repeat(3000)}`]))
    t.regex(await connection.untilClosed(), /^HTTP\/1.1 431 /)
  })
}

function limitsHold(test: TestFn, create: CreateTransport, { timesHeads }: HeadTraits): void {
  test(`a head that does not end is given up${timesHeads ? '' : ', after the time of the library'}`, async t => {
    const { port } = await opened(t, create, { headersTimeoutMs: 200, requestTimeoutMs: 400 })
    const connection = new RawConnection(port)
    connection.send('GET / HTTP/1.1\r\nHost: x\r\nX-Slow:')
    const dripping = setInterval(() => connection.send(' y'), 50)
    const received = await connection.untilClosed()
    clearInterval(dripping)
    if (timesHeads) t.regex(received, /^HTTP\/1.1 408 /)
    else t.is(received, '')
  })

  test('connections above the limit are closed at once, and make room when they end', async t => {
    const { app, port, url } = await opened(t, create, { connectionsMax: 2 })
    const socket = await connected(port)
    const first = new RawConnection(port)
    first.send(head(['GET / HTTP/1.1', 'Host: x']))
    await first.until(/200 OK/)
    t.is(await new RawConnection(port).untilClosed(), '')
    socket.close()
    first.socket.destroy()
    await eventually(t, () => app.closes === 1)
    let isAnswered = false
    for (let i = 0; i < 100 && !isAnswered; i++) {
      isAnswered = await fetch(url).then(
        one => one.ok,
        () => sleep(10, false)
      )
    }
    t.true(isAnswered)
  })

  test('a body that does not end is given up', async t => {
    const { port } = await opened(t, create, { headersTimeoutMs: 100, requestTimeoutMs: 300 })
    const connection = new RawConnection(port)
    connection.send(head(['POST / HTTP/1.1', 'Host: x', 'Content-Length: 500']))
    const dripping = setInterval(() => connection.send('y'), 50)
    t.regex(await connection.untilClosed(), /^HTTP\/1.1 408 /)
    clearInterval(dripping)
  })

  test('bodies under way are bounded together', async t => {
    const { port, url } = await opened(t, create, { bodyBytesInFlightMax: 1500 })
    const slow = [1, 2].map(() => new RawConnection(port))
    for (const one of slow) one.send(head(['POST / HTTP/1.1', 'Host: x', 'Content-Length: 900'], 'x'.repeat(899)))
    while (slow.every(one => one.received === '')) await sleep(10)
    t.is(slow.filter(one => /overloaded/.test(one.received)).length, 1)
    for (const one of slow) one.socket.destroy()
    let status = 0
    for (let i = 0; i < 100 && status !== 200; i++) {
      await sleep(10)
      status = (await fetch(url, { method: 'POST', body: 'x'.repeat(900) })).status
    }
    t.is(status, 200, 'what has ended is not counted any more')
  })

  test('a caller who leaves is not answered and disturbs nobody', async t => {
    const { app, port, url } = await opened(t, create)
    app.answer = async () => {
      await sleep(50)
      return text(200, 'late')
    }
    const connection = new RawConnection(port)
    connection.send(head(['GET / HTTP/1.1', 'Host: x']))
    await sleep(10)
    connection.socket.destroy()
    t.is(await (await fetch(url)).text(), 'late')
  })
}

function streams(test: TestFn, create: CreateTransport): void {
  test('a streamed reply goes on until the application ends it', async t => {
    const { app, url } = await opened(t, create)
    const response = await fetch(`${url}/stream`)
    await eventually(t, () => app.channels.length === 1)
    app.channels[0].send('second;')
    app.channels[0].close(0, '')
    t.is(await response.text(), 'first;second;')
    await eventually(t, () => app.closes === 1)
  })

  test('a stream whose reader does not read is seen in bufferedBytes, and told when it does', async t => {
    const { app, port } = await opened(t, create)
    const connection = new RawConnection(port)
    connection.send(head(['GET /stream HTTP/1.1', 'Host: x']))
    await connection.until(/first;/)
    connection.socket.pause()
    const [channel] = app.channels
    for (let i = 0; i < 400 && channel.bufferedBytes < 100_000; i++) {
      channel.send('x'.repeat(50_000))
      await sleep(1)
    }
    t.true(channel.bufferedBytes >= 100_000)
    connection.socket.resume()
    await eventually(t, () => channel.bufferedBytes === 0 && app.drains > 0)
    channel.send('last;')
    channel.close(0, '')
    await connection.until(/last;\r\n0\r\n/)
    t.pass()
    connection.socket.destroy()
  })

  test('a stream that is closed while its reader does not read is given up', async t => {
    const { app, port } = await opened(t, create)
    const connection = new RawConnection(port)
    connection.send(head(['GET /stream HTTP/1.1', 'Host: x']))
    await connection.until(/first;/)
    connection.socket.pause()
    const [channel] = app.channels
    for (let i = 0; i < 400 && channel.bufferedBytes < 100_000; i++) channel.send('x'.repeat(50_000))
    channel.close(0, '')
    await eventually(t, () => app.closes === 1)
    connection.socket.destroy()
  })

  test('a stream learns that its reader has left', async t => {
    const { app, port } = await opened(t, create)
    const connection = new RawConnection(port)
    connection.send(head(['GET /stream HTTP/1.1', 'Host: x']))
    await connection.until(/first;/)
    connection.socket.destroy()
    await eventually(t, () => app.closes === 1)
  })
}

function sockets(test: TestFn, create: CreateTransport): void {
  test('a socket carries texts both ways and speaks the offered subprotocol', async t => {
    const { app, port } = await opened(t, create)
    const socket = await connected(port)
    t.is(socket.protocol, 'echo.v1')
    const answer = new Promise(resolve => socket.on('message', data => resolve(data.toString())))
    socket.send('hé')
    t.is(await answer, 're:hé')
    await eventually(t, () => app.drains > 0)
    socket.close()
    await eventually(t, () => app.closes === 1)
  })

  test('a socket that offers another subprotocol, or asks at another path, is refused over HTTP', async t => {
    const { port } = await opened(t, create)
    t.regex(String(await t.throwsAsync(connected(port, '/ws', 'other'))), /400/)
    t.regex(String(await t.throwsAsync(connected(port, '/elsewhere'))), /404/)
  })

  test('the application closes with its code and reason', async t => {
    const { app, port } = await opened(t, create)
    const socket = await connected(port)
    app.channels[0].close(4429, 'too much')
    t.deepEqual(await closedWith(socket), { code: 4429, reason: 'too much' })
  })

  test('bytes instead of text, and texts that are too long, end the socket', async t => {
    const { app, port } = await opened(t, create)
    const binary = await connected(port)
    binary.send(Buffer.from([1]))
    t.is((await closedWith(binary)).code, 4400)
    const long = await connected(port)
    long.send('x'.repeat(2000))
    t.is((await closedWith(long)).code, 1009)
    t.deepEqual(app.heard, [])
    await eventually(t, () => app.closes === 2)
  })

  test('a reader that does not read is seen in bufferedBytes and told apart again when it does', async t => {
    const { app, port } = await opened(t, create)
    const socket = await connected(port)
    socket.pause()
    const [channel] = app.channels
    for (let i = 0; i < 400 && channel.bufferedBytes < 100_000; i++) {
      channel.send('x'.repeat(50_000))
      await sleep(1)
    }
    t.true(channel.bufferedBytes >= 100_000)
    const before = app.drains
    socket.resume()
    await eventually(t, () => channel.bufferedBytes === 0 && app.drains > before)
    socket.close()
  })

  test('a socket whose other side has vanished is cut', async t => {
    const { app, port } = await opened(t, create, { heartbeatMs: 50 })
    const socket = await connected(port)
    // ws answers pings by itself; a paused one does not.
    socket.pause()
    await eventually(t, () => app.closes === 1)
    socket.terminate()
  })
}

function draining(test: TestFn, create: CreateTransport): void {
  test('a drain lets requests under way end and takes no new ones', async t => {
    const { app, transport, url } = await opened(t, create)
    let isAsked = false
    const work = Promise.withResolvers<void>()
    app.answer = async () => {
      isAsked = true
      await work.promise
      return text(200, 'done')
    }
    const underWay = fetch(url)
    await eventually(t, () => isAsked)
    const drained = transport.drain(30_000)
    await t.throwsAsync(fetch(url))
    work.resolve()
    const response = await underWay
    t.is(await response.text(), 'done')
    t.is(response.headers.get('connection'), 'close')
    await drained
  })

  test('a drain ends what is still open after its grace', async t => {
    const { transport, port } = await opened(t, create)
    const socket = await connected(port)
    const closed = closedWith(socket)
    const stream = new RawConnection(port)
    stream.send(head(['GET /stream HTTP/1.1', 'Host: x']))
    await stream.until(/first;/)
    const startMs = performance.now()
    await transport.drain(100)
    t.true(performance.now() - startMs < 2_000)
    await closed
    await stream.untilClosed()
    t.pass()
  })

  test('a port that is taken is refused with one sentence', async t => {
    const { port } = await opened(t, create)
    const second = create(new EchoApp())
    await t.throwsAsync(second.listen({ host: '127.0.0.1', port }), { code: 'cannot_listen' })
  })
}
