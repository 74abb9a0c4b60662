import type { Request } from '../transport/transport.ts'
import { isLoopback } from './auth.ts'
import { Problem } from './problem.ts'

/** Which web pages may call. */
export interface Origins {
  /** Throws where a page of another origin, or a name rebound to this machine, tries to act for its visitor. */
  check(request: Request): void
  /** Adds what lets a page of an allowed origin read the reply. */
  addHeaders(request: Request, headers: string[]): void
  isAllowed(request: Request): boolean
}

const exposed = 'X-Request-Id, Server-Timing, Retry-After'
const allowedHeaders = 'Authorization, Content-Type, X-API-Key, X-Request-Id, X-Request-Timeout-Ms, traceparent'

/**
 * `onLoopbackOnly`: no keys protect this server, its address does. So a browser must not be talked into calling it: the
 * `Host` must be a loopback name (DNS rebinding), whatever the method.
 */
export function createOrigins(options: { corsOrigins: readonly string[]; onLoopbackOnly: boolean }): Origins {
  const listed = new Set(options.corsOrigins.map(origin => origin.replace(/\/$/, '').toLowerCase()))
  const any = listed.has('*')
  const isListed = (origin: string) => any || listed.has(origin.toLowerCase())
  const isAllowed = (request: Request) => {
    const origin = request.header('origin')
    return origin === undefined || isListed(origin) || isSameOrigin(origin, request.header('host'))
  }
  return {
    isAllowed,
    check(request) {
      if (options.onLoopbackOnly && !isLoopback(hostName(request.header('host')))) {
        throw new Problem(
          'host_not_allowed',
          'Without API keys only loopback names are answered; set MILLRACE_API_KEYS.'
        )
      }
      if (request.method !== 'GET' && request.method !== 'HEAD' && !isAllowed(request)) {
        throw new Problem('origin_not_allowed', 'Pages of this origin may not call; add it to http.cors_origins.')
      }
    },
    addHeaders(request, headers) {
      if (listed.size === 0) return
      headers.push('vary', 'Origin')
      const origin = request.header('origin')
      if (origin !== undefined && isListed(origin)) {
        headers.push('access-control-allow-origin', any ? '*' : origin, 'access-control-expose-headers', exposed)
      }
    }
  }
}

export function preflightHeaders(methods: string): string[] {
  return [
    'access-control-allow-methods',
    methods,
    'access-control-allow-headers',
    allowedHeaders,
    'access-control-max-age',
    '600'
  ]
}

function hostName(host: string | undefined): string {
  return (host ?? '').replace(/:\d+$/, '')
}

function isSameOrigin(origin: string, host: string | undefined): boolean {
  const slashes = origin.indexOf('://')
  return slashes > 0 && host !== undefined && origin.slice(slashes + 3).toLowerCase() === host.toLowerCase()
}
