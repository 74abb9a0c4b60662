import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname } from 'node:path'
import type { Call } from '../http/call.ts'
import type { Route } from '../http/route.ts'

/**
 * Scripts and styles come from here and are files; nothing is made out of text (Trusted Types), nothing may frame the
 * page, and it talks to nobody but its own server.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'"
].join('; ')

const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml'
}

/** One route per file, each under a path that is fixed now: what is asked for never reaches the file system. */
export function staticRoutes(folder: URL): Route[] {
  return readdirSync(folder)
    .filter(name => extname(name) in contentTypes)
    .sort()
    .map(name => {
      const path = name === 'index.html' ? '/' : `/page/${name}`
      return staticRoute(path, contentTypes[extname(name)], readFileSync(new URL(name, folder)))
    })
}

/** Kept by browsers, and asked for again at every visit, so that the page and its server are always of one version. */
function staticRoute(path: string, contentType: string, body: Buffer): Route {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  return {
    method: 'GET',
    path,
    scope: null,
    answer: ({ request }: Call) => {
      const headers = ['etag', etag, 'cache-control', 'no-cache', 'content-security-policy', policy]
      if (matches(request.header('if-none-match'), etag)) return { status: 304, headers, body: '' }
      headers.push('content-type', contentType, 'referrer-policy', 'no-referrer')
      return { status: 200, headers, body }
    }
  }
}

function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  return ifNoneMatch?.split(',').some(one => one.trim().replace(/^W\//, '') === etag) ?? false
}
