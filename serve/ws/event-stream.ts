import type { PushCause, RecommendationResponse } from '../../schemas/http.ts'
import { completeQuery } from '../answering.ts'
import { type Flat, nested } from '../http/answer-routes.ts'
import type { App } from '../http/app.ts'
import { requireIds } from '../http/auth.ts'
import type { ProblemBody } from '../http/problem.ts'
import type { Route } from '../http/route.ts'
import type { Validators } from '../http/validators.ts'
import type { Query } from '../ports.ts'
import type { Channel, ChannelListener, Request } from '../transport/transport.ts'
import type { Connection, Connections } from './connections.ts'
import type { Pushes } from './pushes.ts'
import { admitConnection } from './socket-app.ts'
import type { Subscription, Viewer } from './subscription.ts'

export interface EventStreamOptions {
  validators: Validators
  pushes: Pushes
  connections: Connections
  app: () => App
  admitSubscription(): void
  problemOf(error: unknown, request: Request): ProblemBody
}

/** So often something is sent, so that proxies keep the connection. */
const heartbeatMs = 15_000

/** `GET /v1/stream`: one pushed list over server-sent events, for where WebSockets do not get through. */
export function eventStreamRoute(options: EventStreamOptions): Route {
  return {
    method: 'GET',
    path: '/v1/stream',
    scope: 'read',
    forBrowsers: true,
    needsViews: true,
    tokenIn: 'query',
    answer: call => {
      type Sent = Flat & { min_interval_ms: number; access_token?: string }
      const sent = options.validators.query<Sent>('/v1/stream', 'get', call.request.query)
      const { min_interval_ms, access_token, ...flat } = sent
      options.app().authenticateLate(call, access_token)
      const query = completeQuery(nested(flat))
      requireIds(call.identity, query)
      admitConnection(options.connections)
      options.admitSubscription()
      const headers = ['content-type', 'text/event-stream', 'cache-control', 'no-store', 'x-accel-buffering', 'no']
      const asked = { query, min_interval_ms, expiresMs: call.identity.expiresMs }
      const stream = (channel: Channel) => new EventStream(channel, call.request, options, asked)
      return { status: 200, headers, body: ':\n\n', ...(call.request.method === 'HEAD' ? {} : { stream }) }
    }
  }
}

class EventStream implements ChannelListener, Viewer, Connection {
  private readonly channel: Channel
  private readonly request: Request
  private readonly options: EventStreamOptions
  private readonly heart: NodeJS.Timeout
  private readonly expiresMs: number
  private subscription: Subscription | null = null

  constructor(
    channel: Channel,
    request: Request,
    options: EventStreamOptions,
    asked: { query: Query; min_interval_ms: number; expiresMs: number }
  ) {
    this.expiresMs = asked.expiresMs
    this.channel = channel
    this.request = request
    this.options = options
    options.connections.add(this)
    this.heart = setInterval(() => channel.send(':\n\n'), heartbeatMs)
    try {
      this.subscription = options.pushes.add('', this, asked.query, asked.min_interval_ms)
    } catch (error) {
      this.problem(error)
    }
  }

  next({ seq }: Subscription, payload: RecommendationResponse & { cause: PushCause }): void {
    if (Date.now() >= this.expiresMs) this.end()
    else this.channel.send(`event: next\nid: ${seq}\ndata: ${JSON.stringify({ seq, payload })}\n\n`)
  }

  failed(_subscription: Subscription, error: unknown): void {
    this.problem(error)
  }

  private problem(error: unknown): void {
    this.channel.send(`event: error\ndata: ${JSON.stringify(this.options.problemOf(error, this.request))}\n\n`)
    this.end()
  }

  get bufferedBytes(): number {
    return this.channel.bufferedBytes
  }

  tooSlow(): void {
    this.end()
  }

  goaway(retryAfterMs: number): void {
    const data = JSON.stringify({ retry_after_ms: retryAfterMs })
    this.channel.send(`retry: ${retryAfterMs}\nevent: goaway\ndata: ${data}\n\n`)
  }

  end(): void {
    this.channel.close(0, '')
  }

  message(): void {
    // Nobody speaks on this side of server-sent events.
  }

  drained(): void {
    if (this.subscription !== null) this.options.pushes.drained(this, [this.subscription])
  }

  closed(): void {
    clearInterval(this.heart)
    if (this.subscription !== null) this.options.pushes.remove(this.subscription)
    this.options.pushes.forget(this)
    this.options.connections.remove(this)
  }
}
