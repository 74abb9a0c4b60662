import { randomBytes } from 'node:crypto'
import { messageOf } from '../../engine/errors.ts'
import type { Series } from '../distribution.ts'
import type { Metrics } from '../metrics.ts'
import type { Freshness } from '../ports.ts'
import type { HttpApp, Reply, Request, SocketApp } from '../transport/transport.ts'
import { type Auth, requireScope } from './auth.ts'
import { Call, mediaTypeOf } from './call.ts'
import { type Origins, preflightHeaders } from './origin.ts'
import { Problem, problemReply } from './problem.ts'
import type { RateLimits } from './rate-limits.ts'
import type { Route } from './route.ts'
import { createRouter, type Router } from './router.ts'

/** What an operator wants to know of a request that failed on our side. */
export interface Incident {
  requestId: string
  traceparent: string | undefined
  route: string
  code: string
  message: string
  error: unknown
}

export interface AppOptions {
  routes: readonly Route[]
  auth: Auth
  origins: Origins
  limits: RateLimits
  freshness: Pick<Freshness, 'ready'>
  metrics: Metrics
  onIncident: (incident: Incident) => void
  sockets: SocketApp | null
}

const requestIdShape = /^[\x21-\x7e]{1,128}$/
/** `sendBeacon` sends no more (Fetch standard, keepalive). */
const bodyWithTokenBytesMax = 64 * 1024

/** The routes behind one port: decides on a request's head, then lets its route answer. */
export class App implements HttpApp {
  readonly sockets: SocketApp | null
  private readonly options: AppOptions
  private readonly router: Router
  private readonly durations = new Map<Route | null, Map<string, Series>>()
  private readonly idPrefix = `${randomBytes(6).toString('base64url')}-`
  private made = 0

  constructor(options: AppOptions) {
    this.options = options
    this.sockets = options.sockets
    this.router = createRouter(options.routes)
  }

  admit(request: Request): Reply | Call {
    const call = new Call(this, request, this.requestIdOf(request))
    try {
      if (request.method === 'OPTIONS') return this.preflight(call)
      const { route, params } = this.router.find(request.method, request.path)
      call.route = route
      call.params = params
      this.options.origins.check(request)
      this.authenticate(call, route)
      this.checkBody(call, route)
      if (route.needsViews) this.checkReady()
      return call
    } catch (error) {
      return this.fail(call, error)
    }
  }

  refuse(problem: Parameters<HttpApp['refuse']>[0]): Reply {
    const requestId = this.newRequestId()
    const reply = problemReply(
      new Problem(problem, 'The bytes on this connection cannot be read as a request.'),
      requestId
    )
    reply.headers.push('x-request-id', requestId)
    return reply
  }

  /** What every reply carries. */
  finish(call: Call, reply: Reply): Reply {
    const { request } = call
    reply.headers.push('x-request-id', call.requestId, 'x-content-type-options', 'nosniff')
    this.options.origins.addHeaders(request, reply.headers)
    this.observe(call, reply.status)
    return reply
  }

  fail(call: Call, error: unknown): Reply {
    const reply = problemReply(error, call.requestId)
    if (reply.status === 500) {
      this.options.onIncident({
        requestId: call.requestId,
        traceparent: call.request.header('traceparent'),
        route: call.route?.path ?? 'unmatched',
        code: 'unexpected',
        message: messageOf(error),
        error
      })
    }
    return this.finish(call, reply)
  }

  /** Also for credentials that come in later than the head. */
  admitIdentity(call: Call, route: Route): void {
    const { identity } = call
    if (route.scope !== null) requireScope(identity, route.scope)
    if (identity.only !== null && route.forBrowsers !== true) {
      throw new Problem('forbidden', 'A browser’s token is good for events and answers only; use a key.')
    }
    this.options.limits.take(identity, call.request.ip)
  }

  private authenticate(call: Call, route: Route): void {
    if (route.scope === null) return
    const { auth, limits } = this.options
    const identity = limits.guard(call.request.ip, () => auth.ofRequest(call.request, Date.now()))
    if (identity !== null && !(identity.kind === 'local' && route.tokenIn !== undefined)) {
      call.identity = identity
      this.admitIdentity(call, route)
      return
    }
    if (route.tokenIn === undefined) throw noCredential()
    call.awaitsToken = true
    if (identity !== null) this.options.limits.take(identity, call.request.ip)
  }

  /** Takes the identity of a token that came in the body or the query; without one, whoever needs none goes on. */
  authenticateLate(call: Call, token: unknown): void {
    if (!call.awaitsToken) return
    const { auth, limits } = this.options
    if (token === undefined) {
      if (auth.isOn) throw noCredential()
      return
    }
    if (typeof token !== 'string') throw new Problem('unauthenticated', 'access_token must be a text.')
    call.identity = limits.guard(call.request.ip, () => auth.ofCredential(token, Date.now()))
    this.admitIdentity(call, call.route)
  }

  private checkBody(call: Call, route: Route): void {
    if (route.body === undefined) return
    call.bodyBytesMax =
      call.awaitsToken && this.options.auth.isOn
        ? Math.min(bodyWithTokenBytesMax, route.body.bytesMax)
        : route.body.bytesMax
    const type = mediaTypeOf(call.request)
    if (!route.body.types.includes(type)) {
      const sent = type === '' ? 'none was sent' : `"${type.slice(0, 60)}" was sent`
      throw new Problem('unsupported_media_type', `Content-Type must be ${route.body.types.join(' or ')}; ${sent}.`)
    }
  }

  private checkReady(): void {
    const state = this.options.freshness.ready()
    if (!state.ready) throw new Problem('not_ready', `Still starting: ${state.detail}`)
  }

  private preflight(call: Call): Reply {
    const methods = this.router.methodsOf(call.request.path)
    if (methods === null) throw new Problem('unknown_route', 'There is no such path; see /openapi.json.')
    return this.finish(call, { status: 204, headers: ['allow', methods, ...preflightHeaders(methods)], body: '' })
  }

  private observe(call: Call, status: number): void {
    const route = call.route ?? null
    const { method } = call.request
    let series = this.durations.get(route)
    if (series === undefined) {
      series = new Map()
      this.durations.set(route, series)
    }
    const key = `${method}${status}`
    let duration = series.get(key)
    if (duration === undefined) {
      const labels = [route?.path ?? 'unmatched', knownMethod(method), String(status)]
      duration = this.options.metrics.series('millrace_http_request_duration_seconds', labels)
      if (series.size < 64) series.set(key, duration)
    }
    duration.observe((performance.now() - call.request.receivedMs) / 1000)
  }

  private requestIdOf(request: Request): string {
    const given = request.header('x-request-id')
    return given !== undefined && requestIdShape.test(given) ? given : this.newRequestId()
  }

  private newRequestId(): string {
    this.made++
    return this.idPrefix + this.made.toString(36)
  }
}

function noCredential(): Problem {
  return new Problem('unauthenticated', 'Send `Authorization: Bearer KEY` or `X-API-Key: KEY`.')
}

function knownMethod(method: string): string {
  return ['GET', 'HEAD', 'POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS'].includes(method) ? method : 'other'
}
