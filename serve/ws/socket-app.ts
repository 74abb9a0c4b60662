import { closeKinds } from '../../schemas/problems.ts'
import type { Auth } from '../http/auth.ts'
import type { Origins } from '../http/origin.ts'
import { Problem, type ProblemBody, problemReply } from '../http/problem.ts'
import type { RateLimits } from '../http/rate-limits.ts'
import type { Validators } from '../http/validators.ts'
import type { Metrics } from '../metrics.ts'
import type { Ingest } from '../ports.ts'
import type { Reply, Request, SocketApp } from '../transport/transport.ts'
import type { Connections } from './connections.ts'
import type { Pushes } from './pushes.ts'
import { SocketSession } from './socket-session.ts'

export interface SocketOptions {
  auth: Auth
  origins: Origins
  limits: RateLimits
  validators: Validators
  ingest: Ingest
  pushes: Pushes
  connections: Connections
  metrics: Metrics
  eventMaxAgeMs: number
  initTimeoutMs: number
  subscriptionsPerSocketMax: number
  /** Throws where the server has enough of them, or no views yet. */
  admitSubscription(): void
  /** What a caller is told; defects are reported on the way. */
  problemOf(error: unknown, request: Request): ProblemBody
}

const messageBytesMax = 256 * 1024

/** `/v1/ws`: who may connect; what is said then is the session's. */
export function createSocketApp(options: SocketOptions): SocketApp {
  return {
    subprotocol: 'millrace.v1.json',
    messageBytesMax,
    badMessageCode: closeKinds.badMessage.code,
    refuse: request => {
      try {
        check(request, options)
        return null
      } catch (error) {
        return refusal(error, request)
      }
    },
    open: (channel, request) => new SocketSession(channel, request, options)
  }
}

function check(request: Request, { auth, origins, connections }: SocketOptions): void {
  if (request.path !== '/v1/ws') throw new Problem('unknown_route', 'WebSockets are at /v1/ws.')
  origins.check(request)
  if (!origins.isAllowed(request)) {
    throw new Problem('origin_not_allowed', 'Pages of this origin may not connect; add it to http.cors_origins.')
  }
  auth.ofRequest(request, Date.now())
  admitConnection(connections)
}

/** Throws where the server cannot hold one more. */
export function admitConnection(connections: Connections): void {
  if (connections.isDraining) throw new Problem('draining', 'The server is about to stop; connect again.')
  if (connections.isFull) throw new Problem('too_many_sockets', 'The server holds as many connections as it may.')
}

function refusal(error: unknown, request: Request): Reply {
  return problemReply(error, request.header('x-request-id')?.slice(0, 128) ?? 'upgrade')
}
