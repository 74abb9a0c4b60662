import { Problem } from './problem.ts'
import type { Route } from './route.ts'

interface Found {
  route: Route
  /** Path parameters, still percent-encoded. */
  params: string[]
}

interface Template {
  segments: string[]
  byMethod: Map<string, Route>
}

export interface Router {
  /** Throws `unknown_route` and `method_not_allowed`; HEAD is answered as GET. */
  find(method: string, path: string): Found
  /** null: no such path. */
  methodsOf(path: string): string | null
}

const noParams: string[] = []

export function createRouter(routes: readonly Route[]): Router {
  const exact = new Map<string, Map<string, Route>>()
  const templates: Template[] = []
  for (const route of routes) {
    const known = route.path.includes('{')
      ? templates.find(one => one.segments.join('/') === route.path)?.byMethod
      : exact.get(route.path)
    if (known !== undefined) known.set(route.method, route)
    else if (route.path.includes('{')) {
      templates.push({ segments: route.path.split('/'), byMethod: new Map([[route.method, route]]) })
    } else exact.set(route.path, new Map([[route.method, route]]))
  }
  const lookUp = (path: string): { byMethod: Map<string, Route>; params: string[] } | null => {
    const byMethod = exact.get(path)
    if (byMethod !== undefined) return { byMethod, params: noParams }
    const segments = path.split('/')
    for (const template of templates) {
      const params = paramsOf(template.segments, segments)
      if (params !== null) return { byMethod: template.byMethod, params }
    }
    return null
  }
  return {
    find(method, path) {
      const found = lookUp(path)
      if (found === null) throw new Problem('unknown_route', 'There is no such path; see /openapi.json.')
      const route = found.byMethod.get(method === 'HEAD' ? 'GET' : method)
      if (route === undefined) {
        const allow = allowed(found.byMethod)
        throw new Problem('method_not_allowed', `This path takes ${allow}.`, { headers: ['allow', allow] })
      }
      return { route, params: found.params }
    },
    methodsOf(path) {
      const found = lookUp(path)
      return found === null ? null : allowed(found.byMethod)
    }
  }
}

function allowed(byMethod: Map<string, Route>): string {
  const methods = [...byMethod.keys()]
  if (byMethod.has('GET')) methods.push('HEAD')
  return [...methods, 'OPTIONS'].join(', ')
}

function paramsOf(template: readonly string[], segments: readonly string[]): string[] | null {
  if (template.length !== segments.length) return null
  const params: string[] = []
  for (let i = 0; i < template.length; i++) {
    if (template[i].startsWith('{')) {
      if (segments[i] === '') return null
      params.push(segments[i])
    } else if (template[i] !== segments[i]) return null
  }
  return params
}
