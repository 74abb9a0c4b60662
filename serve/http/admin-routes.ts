import type { Metrics } from '../metrics.ts'
import type { Freshness } from '../ports.ts'
import type { Reply } from '../transport/transport.ts'
import { Problem } from './problem.ts'
import { jsonReply, type Route } from './route.ts'

export interface AdminRouteOptions {
  freshness: Pick<Freshness, 'ready'>
  metrics: Metrics
  isDraining: () => boolean
}

/** What an orchestrator and Prometheus ask, on the admin port. */
export function adminRoutes({ freshness, metrics, isDraining }: AdminRouteOptions): Route[] {
  let hasStarted = false
  const ready = (): Reply => {
    if (isDraining()) throw new Problem('draining', 'About to stop; send traffic elsewhere.')
    const state = freshness.ready()
    if (!state.ready) throw new Problem('not_ready', state.detail)
    hasStarted = true
    return jsonReply(200, state)
  }
  const open = { method: 'GET', scope: null } as const
  return [
    { ...open, path: '/livez', answer: () => jsonReply(200, { live: true }) },
    { ...open, path: '/readyz', answer: ready },
    { ...open, path: '/startupz', answer: () => (hasStarted ? jsonReply(200, { started: true }) : ready()) },
    {
      ...open,
      path: '/metrics',
      answer: async () => {
        const { contentType, body } = await metrics.expose()
        return { status: 200, headers: ['content-type', contentType, 'cache-control', 'no-store'], body }
      }
    }
  ]
}
