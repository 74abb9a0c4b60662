import { createHash } from 'node:crypto'
import type { OpenApiDocument } from '../../schemas/openapi.ts'
import type { Call } from './call.ts'
import { docsPage } from './docs-page.ts'
import type { Route } from './route.ts'

/** The document, and the page that people read. Both are made once. */
export function documentRoutes(document: OpenApiDocument): Route[] {
  return [
    fixedRoute('/openapi.json', 'application/json', JSON.stringify(document)),
    fixedRoute('/docs', 'text/html; charset=utf-8', docsPage(document))
  ]
}

/** Something that never changes while the process runs. */
function fixedRoute(path: string, contentType: string, body: string | Buffer): Route {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  return {
    method: 'GET',
    path,
    scope: null,
    answer: (call: Call) => {
      const headers = ['etag', etag, 'cache-control', 'no-cache']
      if (call.request.header('if-none-match') === etag) return { status: 304, headers, body: '' }
      headers.push('content-type', contentType, 'content-security-policy', policy)
      return { status: 200, headers, body }
    }
  }
}

const policy =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
