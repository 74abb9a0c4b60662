/**
 * CPU of the serving thread per HTTP answer, spent in the edge: a constant recommender behind it, a real server, and the
 * load from another process. `--json` prints one line per figure, `--transport uws` serves with uWebSockets.js, `--node FILE`
 * with another Node.
 */
import { fork } from 'node:child_process'
import { connect } from 'node:net'
import { parseArgs } from 'node:util'
import type { Answer } from '../../schemas/http.ts'
import { createMetrics } from '../metrics.ts'
import type { AnswerContext } from '../ports.ts'
import { SmallShop } from '../testing/small-shop.ts'
import { runtimeOf } from '../testing/uws-node.ts'
import { chooseTransport } from '../transport/choose-transport.ts'
import { createEdge } from './edge.ts'

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean' },
    role: { type: 'string' },
    transport: { type: 'string', default: 'node' },
    node: { type: 'string' }
  },
  strict: false
})
const connections = 16
const warmUpMs = 2_000
const measuredMs = 4_000

const cases: Record<string, string> = {
  'recommendations/post': post('/v1/recommendations', {
    surface: 'home',
    user_id: 'u_1',
    session_id: 's_1',
    limit: 20,
    rules: { in_stock: true, exclude_items: ['sku_1', 'sku_2'] }
  }),
  'recommendations/get':
    'GET /v1/recommendations?surface=home&user_id=u_1&session_id=s_1&limit=20 HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'recommendations/after': post('/v1/recommendations?after=w1', { surface: 'home', user_id: 'u_1', limit: 20 }),
  'events/one': post('/v1/events', { event_id: 'e1', user_id: 'u_1', event_type: 'view', product_id: 'sku_1' })
}

/** Answers the same twenty items whatever is asked. */
class ConstantShop extends SmallShop {
  private readonly constant: Answer = {
    recommendation_id: 'rec_00000000000000000',
    surface: 'home',
    items: Array.from({ length: 20 }, (_, index) => ({
      product_id: `sku_${index}`,
      score: 0.8347 - index / 100,
      position: index + 1,
      title: 'WHITE HANGING HEART T-LIGHT HOLDER',
      price: 2.95,
      reasons: [{ code: 'similar_to_viewed', product_id: 'sku_7' }]
    })),
    fallback: false,
    experiment: null,
    retrieval: { name: 'blend', version: 1 },
    model: null,
    partial: false
  }
  override recommend(_query: unknown, context: AnswerContext): Answer {
    for (const stage of ['retrieve', 'rules', 'rank', 'diversify', 'explain'] as const) context.stages.end(stage)
    return this.constant
  }
  override async appendEvents() {
    return { token: 'w1' }
  }
}

function post(path: string, body: object): string {
  const text = JSON.stringify(body)
  return `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`
}

async function serve(): Promise<void> {
  const shop = new ConstantShop()
  const ports = {
    ingest: shop,
    erasures: shop,
    recommender: shop,
    freshness: shop,
    changes: shop,
    metrics: createMetrics({ version: '0' })
  }
  const edge = createEdge({
    ...ports,
    version: '0',
    auth: { keys: [] },
    eventMaxAgeMs: 1e12,
    onIncident: console.error
  })
  const create = await chooseTransport(flags.transport === 'uws' ? 'uws' : 'node')
  const port = await create(edge.app).listen({ host: '127.0.0.1', port: 0 })
  process.on('message', () => process.send?.(process.cpuUsage()))
  process.send?.(port)
}

/** Asks on one connection as fast as answers come. */
function keepAsking(port: number, request: string, onAnswer: () => void): () => void {
  const socket = connect(port, '127.0.0.1')
  let missing = 0
  socket.setNoDelay()
  socket.on('connect', () => socket.write(request))
  socket.on('data', data => {
    if (missing === 0) {
      const text = data.latin1Slice()
      if (!/^HTTP\/1.1 20/.test(text)) throw new TypeError(text)
      missing = text.indexOf('\r\n\r\n') + 4 + Number(/content-length: (\d+)/i.exec(text)?.[1])
    }
    missing -= data.length
    if (missing > 0) return
    onAnswer()
    socket.write(request)
  })
  return () => socket.destroy()
}

async function measure(name: string, request: string): Promise<void> {
  const { node, env } = await runtimeOf(flags.transport as string, flags.node as string | undefined)
  const server = fork(import.meta.filename, ['--role', 'server', '--transport', flags.transport as string], {
    execPath: node,
    env: { ...process.env, ...env },
    execArgv: ['--disable-warning=ExperimentalWarning']
  })
  const told = () => new Promise<unknown>(resolve => server.once('message', resolve))
  const cpu = async () => {
    const answer = told()
    server.send('cpu')
    return (await answer) as NodeJS.CpuUsage
  }
  const port = (await told()) as number
  let answers = 0
  const stops = Array.from({ length: connections }, () => keepAsking(port, request, () => answers++))
  await new Promise(resolve => setTimeout(resolve, warmUpMs))
  const before = await cpu()
  const answersBefore = answers
  const startMs = performance.now()
  await new Promise(resolve => setTimeout(resolve, measuredMs))
  const after = await cpu()
  const count = answers - answersBefore
  const seconds = (performance.now() - startMs) / 1000
  for (const stop of stops) stop()
  server.kill()
  const us = (after.user + after.system - before.user - before.system) / count
  print(name, 'cpu_us_per_request', Math.round(us * 10) / 10)
  print(name, 'requests_per_s', Math.round(count / seconds))
}

function print(name: string, metric: string, value: number): void {
  const line = { bench: 'serve-edge', case: name, metric, value }
  console.log(flags.json ? JSON.stringify(line) : `${name.padEnd(24)} ${metric.padEnd(20)} ${value}`)
}

if (flags.role === 'server') await serve()
else for (const [name, request] of Object.entries(cases)) await measure(name, request)
