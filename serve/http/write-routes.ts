import type { TokenRequest, WriteResponse } from '../../schemas/http.ts'
import { limits, tableNames } from '../../schemas/http.ts'
import type { Interaction } from '../../schemas/interaction.ts'
import type { Metrics } from '../metrics.ts'
import type { Ingest } from '../ports.ts'
import type { App } from './app.ts'
import { type Auth, type Identity, requireIds } from './auth.ts'
import { eventsFrom } from './incoming-events.ts'
import { rowsFrom } from './incoming-rows.ts'
import { Problem } from './problem.ts'
import { jsonReply, jsonTypes, type Route } from './route.ts'
import type { Validators } from './validators.ts'

export interface WriteRouteOptions {
  ingest: Ingest
  validators: Validators
  auth: Auth
  metrics: Metrics
  eventMaxAgeMs: number
  app: () => App
}

const smallBodyBytesMax = 16 * 1024
/** All events at their limit, and what stands between them. */
const eventsBodyBytesMax = limits.eventsPerRequest * (limits.eventBytes + 64)
const rowsBodyBytesMax = 4 << 20

export function writeRoutes(options: WriteRouteOptions): Route[] {
  const { ingest, validators, auth } = options
  return [
    eventsRoute(options),
    ...tableNames.map(table => tableRoute(options, table)),
    {
      method: 'POST',
      path: '/v1/users/{id}/merge',
      scope: 'write',
      body: { bytesMax: smallBodyBytesMax, types: jsonTypes },
      answer: async call => {
        const { from } = validators.body<{ from: string }>('MergeRequest', call.json())
        return jsonReply(202, await ingest.merge(call.pathId(), from))
      }
    },
    {
      method: 'POST',
      path: '/v1/tokens',
      scope: 'write',
      body: { bytesMax: smallBodyBytesMax, types: jsonTypes },
      answer: call => {
        const { user_id = null, session_id, ttl_s } = validators.body<TokenRequest>('TokenRequest', call.json())
        const expires = Math.ceil(Date.now() / 1000) + ttl_s
        const token = auth.sign({ user_id, session_id, expires })
        return jsonReply(200, { token, expires_at: new Date(expires * 1000).toISOString() })
      }
    }
  ]
}

function eventsRoute(options: WriteRouteOptions): Route {
  return {
    method: 'POST',
    path: '/v1/events',
    scope: 'write',
    forBrowsers: true,
    tokenIn: 'body',
    body: { bytesMax: eventsBodyBytesMax, types: ['application/json', 'text/plain'] },
    answer: async call => {
      const value = call.json() as { access_token?: unknown } | null
      const token = typeof value === 'object' && value !== null ? value.access_token : undefined
      options.app().authenticateLate(call, token)
      const { events, rejected } = readEvents(options, value, call.identity)
      return jsonReply(202, await written(events.length, rejected, () => acceptEvents(options, events)))
    }
  }
}

/** What is refused counts as rejected, also where that is all of it. */
function readEvents({ metrics, eventMaxAgeMs }: WriteRouteOptions, value: unknown, identity: Identity) {
  try {
    const read = eventsFrom(value, { now: Date.now(), maxAgeMs: eventMaxAgeMs, check: allowedIds(identity) })
    metrics.add('millrace_events_total', ['rejected'], read.rejected.length)
    return read
  } catch (error) {
    if (error instanceof Problem) {
      metrics.add('millrace_events_total', ['rejected'], error.details.rejected?.length ?? 0)
    }
    throw error
  }
}

/** What is appended counts as accepted once it is durable. */
export async function acceptEvents(
  options: { ingest: Ingest; metrics: Metrics },
  events: Interaction[]
): Promise<{ token: string }> {
  const { length } = events
  const result = await options.ingest.appendEvents(events)
  options.metrics.add('millrace_events_total', ['accepted'], length)
  return result
}

function allowedIds(identity: Identity): (event: Interaction) => void {
  return event => requireIds(identity, event)
}

function tableRoute({ ingest }: WriteRouteOptions, table: (typeof tableNames)[number]): Route {
  return {
    method: 'POST',
    path: `/v1/tables/${table}`,
    scope: 'admin',
    body: {
      bytesMax: rowsBodyBytesMax,
      types: ['application/json', 'application/x-ndjson', 'application/jsonl', 'application/ndjson']
    },
    answer: async call => {
      const { changes, rejected } = await rowsFrom(table, call, Date.now())
      return jsonReply(202, await written(changes.length, rejected, () => ingest.appendRows(table, changes)))
    }
  }
}

async function written(
  accepted: number,
  rejected: WriteResponse['rejected'],
  append: () => Promise<{ token: string }>
): Promise<WriteResponse> {
  if (accepted === 0) return { accepted, rejected }
  const { token } = await append()
  return { accepted, rejected, token }
}
