import type { Reply } from '../transport/transport.ts'
import type { Scope } from './auth.ts'
import type { Call } from './call.ts'

export interface Route {
  method: 'GET' | 'POST' | 'DELETE'
  /** `/v1/products/{id}/similar`; also the route's name in metrics. */
  path: string
  /** null: open to everybody. */
  scope: Scope | null
  /** Absent: no body is read. */
  body?: { bytesMax: number; types: readonly string[] }
  /** Signed browser tokens are good here. */
  forBrowsers?: boolean
  /** A token may also come in here, since the caller cannot set headers. */
  tokenIn?: 'body' | 'query'
  /** 503 until the views are there. */
  needsViews?: boolean
  /** Answers at once where it can. What it throws becomes a problem. */
  answer(call: Call): Reply | Promise<Reply>
}

export function jsonReply(status: number, value: unknown, headers: string[] = ['cache-control', 'no-store']): Reply {
  headers.push('content-type', 'application/json')
  return { status, headers, body: JSON.stringify(value) }
}

export const jsonTypes = ['application/json'] as const
