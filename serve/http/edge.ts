import { codeOf, messageOf } from '../../engine/errors.ts'
import { openApiDocument } from '../../schemas/openapi.ts'
import { problemKind } from '../../schemas/problems.ts'
import { Answering } from '../answering.ts'
import type { Metrics } from '../metrics.ts'
import type { Changes, Erasures, Freshness, Ingest, Recommender } from '../ports.ts'
import type { HttpApp, Request } from '../transport/transport.ts'
import { Connections } from '../ws/connections.ts'
import { eventStreamRoute } from '../ws/event-stream.ts'
import { defaultPushOptions, Pushes } from '../ws/pushes.ts'
import { createSocketApp } from '../ws/socket-app.ts'
import { adminRoutes } from './admin-routes.ts'
import { answerRoutes } from './answer-routes.ts'
import { App, type Incident } from './app.ts'
import { type AuthOptions, createAuth } from './auth.ts'
import { documentRoutes } from './document-routes.ts'
import { erasureRoutes } from './erasure-routes.ts'
import { featureRoutes } from './feature-routes.ts'
import { createOrigins } from './origin.ts'
import { Problem, problemBody } from './problem.ts'
import { createRateLimits, noRateLimits, type RateLimitOptions } from './rate-limits.ts'
import type { Route } from './route.ts'
import { createValidators } from './validators.ts'
import { writeRoutes } from './write-routes.ts'

export interface EdgeOptions {
  ingest: Ingest
  erasures: Erasures
  recommender: Recommender
  freshness: Freshness
  changes: Changes
  metrics: Metrics
  version: string
  auth: AuthOptions
  /** Started with `--insecure`: answers any name without keys. */
  insecure?: boolean
  corsOrigins?: readonly string[]
  rateLimits?: Partial<RateLimitOptions>
  /** `events.max_age`. */
  eventMaxAgeMs: number
  /** Of answers whose caller names no deadline. */
  deadlineMs?: number
  sockets?: Partial<SocketLimits>
  /** Further routes, for the page at `/` and the like; and on the admin port. */
  routes?: readonly Route[]
  adminRoutes?: readonly Route[]
  onIncident: (incident: Incident) => void
}

export interface SocketLimits {
  perServerMax: number
  subscriptionsPerSocketMax: number
  subscriptionsPerServerMax: number
  initTimeoutMs: number
  refreshMs: number
  slowReaderMs: number
}

const defaultSocketLimits: SocketLimits = {
  perServerMax: 5_000,
  subscriptionsPerSocketMax: 20,
  subscriptionsPerServerMax: 20_000,
  initTimeoutMs: 10_000,
  refreshMs: defaultPushOptions.refreshMs,
  slowReaderMs: defaultPushOptions.slowReaderMs
}

const defaultDeadlineMs = 2_000

export interface Edge {
  /** For the public port. */
  readonly app: HttpApp
  /** For the admin port. */
  readonly admin: HttpApp
  /** Not ready any more; sockets are told to leave and closed after `graceMs`. The transport is drained by its owner. */
  drain(graceMs: number): void
  close(): void
}

/** Everything between a transport and the ports behind it. */
export function createEdge(options: EdgeOptions): Edge {
  const { metrics, freshness, ingest, changes, recommender, eventMaxAgeMs } = options
  const document = openApiDocument(options.version)
  const validators = createValidators(document)
  const answering = new Answering({ recommender, freshness, metrics })
  const auth = createAuth(options.auth)
  const limits = createRateLimits({ ...noRateLimits, ...options.rateLimits })
  const origins = createOrigins({
    corsOrigins: options.corsOrigins ?? [],
    onLoopbackOnly: !auth.isOn && options.insecure !== true
  })
  const socketLimits = { ...defaultSocketLimits, ...options.sockets }
  const connections = new Connections({ max: socketLimits.perServerMax, metrics })
  const pushes = new Pushes({ answering, changes, metrics, ...defaultPushOptions, ...socketLimits })
  const shared = { auth, origins, limits, freshness, metrics, onIncident: options.onIncident }
  const pushing = {
    validators,
    pushes,
    connections,
    admitSubscription: () => admitSubscription(pushes, freshness, socketLimits.subscriptionsPerServerMax),
    problemOf: (error: unknown, request: Request) => reported(error, request, options.onIncident)
  }
  const app: App = new App({
    ...shared,
    routes: [
      ...writeRoutes({ ingest, validators, auth, metrics, eventMaxAgeMs, app: () => app }),
      ...answerRoutes({
        answering,
        freshness,
        validators,
        deadlineMs: options.deadlineMs ?? defaultDeadlineMs,
        isAuthOn: auth.isOn
      }),
      ...featureRoutes(recommender),
      ...erasureRoutes(options.erasures),
      ...documentRoutes(document),
      eventStreamRoute({ ...pushing, app: () => app }),
      ...(options.routes ?? [])
    ],
    sockets: createSocketApp({ ...shared, ...pushing, ...socketLimits, ingest, eventMaxAgeMs })
  })
  const isDraining = () => connections.isDraining
  const admin = new App({
    ...shared,
    routes: [...adminRoutes({ freshness, metrics, isDraining }), ...(options.adminRoutes ?? [])],
    sockets: null
  })
  return { app, admin, drain: graceMs => connections.drain(graceMs), close: () => pushes.close() }
}

function admitSubscription(pushes: Pushes, freshness: Freshness, max: number): void {
  if (pushes.size >= max)
    throw new Problem('too_many_subscriptions', 'The server holds as many subscriptions as it may.')
  const state = freshness.ready()
  if (!state.ready) throw new Problem('not_ready', `Still starting: ${state.detail}`)
}

/** The problem for messages, which have no reply of their own; defects are reported. */
function reported(error: unknown, request: Request, onIncident: (incident: Incident) => void) {
  const requestId = request.header('x-request-id')?.slice(0, 128) ?? 'socket'
  const body = problemBody(error, requestId)
  if (problemKind(codeOf(error)).status === 500) {
    const traceparent = request.header('traceparent')
    onIncident({ requestId, traceparent, route: request.path, code: body.code, message: messageOf(error), error })
  }
  return body
}
