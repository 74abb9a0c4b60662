import type {
  AfterOutcome,
  PageRequest,
  RankRequest,
  RecommendationRequest,
  RecommendationResponse,
  Rules
} from '../../schemas/http.ts'
import { limits } from '../../schemas/http.ts'
import { ruleProperties } from '../../schemas/http-schemas.ts'
import { type Answering, completeQuery } from '../answering.ts'
import type { Freshness, Query } from '../ports.ts'
import type { Reply } from '../transport/transport.ts'
import { requireIds } from './auth.ts'
import type { Call } from './call.ts'
import { Problem } from './problem.ts'
import { jsonTypes, type Route } from './route.ts'
import type { Validators } from './validators.ts'

export interface AnswerRouteOptions {
  answering: Answering
  freshness: Freshness
  validators: Validators
  /** Where the caller names none. */
  deadlineMs: number
  /** Answers that need a key are not for shared caches. */
  isAuthOn: boolean
}

type Ask = (deadlineMs: number, after: AfterOutcome | undefined) => unknown

const bodyBytesMax = 512 * 1024
const noStore = 'no-store'

/** The routes that recommend. Without `after`, an answer is given in the same turn of the event loop. */
export function answerRoutes(options: AnswerRouteOptions): Route[] {
  const { answering, validators } = options
  const browsers = { scope: 'read', forBrowsers: true, needsViews: true } as const
  const body = { bytesMax: bodyBytesMax, types: jsonTypes }
  const neighbours = (path: string, relation: NonNullable<Query['relation']>): Route => ({
    method: 'GET',
    path,
    ...browsers,
    answer: call => {
      const { after, ...request } = validators.query<Flat>(path, 'get', call.request.query)
      const query = completeQuery({ ...request, surface: 'product', items: [call.pathId()] })
      query.relation = relation
      requireIds(call.identity, query)
      const isAnonymous = query.user_id === undefined && query.session_id === undefined && after === undefined
      const shared = options.isAuthOn ? 'private, max-age=60' : 'public, max-age=60'
      return reply(
        call,
        after,
        (deadline, seen) => answering.recommend(query, deadline, seen),
        isAnonymous ? shared : noStore
      )
    }
  })
  const afterOf = (call: Call, path: string) =>
    call.request.query === '' ? undefined : validators.query<{ after?: string }>(path, 'post', call.request.query).after

  /** Waits for `after` if asked to, then asks and writes. */
  function reply(call: Call, after: string | undefined, ask: Ask, cache = noStore): Reply | Promise<Reply> {
    const deadlineMs = call.deadlineMs(options.deadlineMs)
    if (after === undefined) {
      begin(call)
      return written(ask(deadlineMs, undefined), cache)
    }
    const startMs = performance.now()
    const timeoutMs = Math.max(0, Math.min(limits.afterWaitMs, deadlineMs - startMs))
    return options.freshness.waitFor(after, timeoutMs).then(seen => {
      const waitedMs = performance.now() - startMs
      begin(call, startMs, waitedMs)
      return written(ask(deadlineMs, seen), cache)
    })
  }

  function begin(call: Call, readMs = performance.now(), waitedMs = 0): void {
    answering.stages.begin()
    answering.stages.add('read', readMs - call.request.receivedMs)
    answering.stages.add('wait', waitedMs)
  }

  function written(value: unknown, cache: string): Reply {
    const { stages } = answering
    const text = JSON.stringify(value)
    stages.end('write')
    answering.observeStages()
    const headers = ['content-type', 'application/json', 'cache-control', cache, 'server-timing', stages.header()]
    return { status: 200, headers, body: text }
  }

  return [
    {
      method: 'POST',
      path: '/v1/recommendations',
      ...browsers,
      body,
      answer: call => {
        const after = afterOf(call, '/v1/recommendations')
        const value = call.json()
        if (typeof value === 'object' && value !== null && 'widgets' in value) {
          const page = validators.body<PageRequest>('PageRequest', value)
          const queries = widgetQueries(page)
          for (const { query } of queries) requireIds(call.identity, query)
          return reply(call, after, askWidgets(answering, queries, page.unique === true))
        }
        const query = completeQuery(validators.body<RecommendationRequest>('RecommendationRequest', value))
        requireIds(call.identity, query)
        return reply(call, after, (deadline, seen) => answering.recommend(query, deadline, seen))
      }
    },
    {
      method: 'GET',
      path: '/v1/recommendations',
      ...browsers,
      answer: call => {
        const { after, ...flat } = validators.query<Flat>('/v1/recommendations', 'get', call.request.query)
        const query = completeQuery(nested(flat))
        requireIds(call.identity, query)
        return reply(call, after, (deadline, seen) => answering.recommend(query, deadline, seen))
      }
    },
    neighbours('/v1/products/{id}/similar', 'similar'),
    neighbours('/v1/products/{id}/bought-together', 'bought_together'),
    {
      method: 'POST',
      path: '/v1/rank',
      ...browsers,
      body,
      answer: call => {
        const after = afterOf(call, '/v1/rank')
        const request = validators.body<RankRequest>('RankRequest', call.json())
        requireIds(call.identity, request)
        return reply(call, after, (deadline, seen) => answering.rank(request, deadline, seen))
      }
    }
  ]
}

/** A request whose rules stand beside the other fields, as in a query. */
export type Flat = RecommendationRequest & Rules & { after?: string }

const ruleNames = Object.keys(ruleProperties) as (keyof Rules)[]

export function nested(flat: RecommendationRequest & Rules): RecommendationRequest {
  const { ...request } = flat
  const rules: Record<string, unknown> = {}
  for (const name of ruleNames) {
    if (request[name] !== undefined) rules[name] = request[name]
    delete request[name]
  }
  return Object.keys(rules).length === 0 ? request : { ...request, rules: rules as Rules }
}

function widgetQueries(page: PageRequest): { id: string; query: Query }[] {
  const ids = new Set<string>()
  return page.widgets.map(({ id, ...request }, index) => {
    if (ids.has(id)) {
      const pointer = `/widgets/${index}/id`
      throw new Problem('invalid_field', `${pointer} is taken by an earlier widget; name each widget differently.`, {
        pointer
      })
    }
    ids.add(id)
    const query = completeQuery(request)
    query.user_id ??= page.user_id
    query.session_id ??= page.session_id
    return { id, query }
  })
}

/** The lists of a page, in its order, so that earlier widgets win. */
function askWidgets(answering: Answering, queries: readonly { id: string; query: Query }[], unique: boolean): Ask {
  return (deadlineMs, after) => {
    const answers: [string, RecommendationResponse][] = []
    const shown: string[] = []
    for (const { id, query } of queries) {
      if (unique) query.rules = { ...query.rules, exclude_items: [...(query.rules?.exclude_items ?? []), ...shown] }
      const response = answering.recommend(query, deadlineMs, after)
      for (const item of response.items) shown.push(item.product_id)
      answers.push([id, response])
    }
    return { widgets: Object.fromEntries(answers) }
  }
}
