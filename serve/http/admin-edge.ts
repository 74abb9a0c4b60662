import type { Metrics } from '../metrics.ts'
import type { Readiness } from '../ports.ts'
import type { HttpApp } from '../transport/transport.ts'
import { adminRoutes } from './admin-routes.ts'
import { App, type Incident } from './app.ts'
import { type AuthOptions, createAuth } from './auth.ts'
import { createOrigins } from './origin.ts'
import { createRateLimits, noRateLimits } from './rate-limits.ts'

export interface AdminEdgeOptions {
  auth: AuthOptions
  insecure?: boolean
  metrics: Metrics
  ready: () => Readiness
  isDraining: () => boolean
  onIncident: (incident: Incident) => void
}

/** The admin port of a process that answers nobody else. */
export function createAdminEdge(options: AdminEdgeOptions): HttpApp {
  const { metrics, ready, isDraining, onIncident } = options
  const auth = createAuth(options.auth)
  const freshness = { ready }
  return new App({
    auth,
    origins: createOrigins({ corsOrigins: [], onLoopbackOnly: !auth.isOn && options.insecure !== true }),
    limits: createRateLimits(noRateLimits),
    freshness,
    metrics,
    onIncident,
    routes: adminRoutes({ freshness, metrics, isDraining }),
    sockets: null
  })
}
