import type {
  PageRequest,
  PageResponse,
  RankRequest,
  RecommendationRequest,
  RecommendationResponse,
  Rules
} from '../../schemas/http.ts'
import { ruleProperties } from '../../schemas/http-schemas.ts'
import { type Answering, completeQuery } from '../answering.ts'
import type { Query } from '../ports.ts'
import { AnswerReply, type AnswerReplyOptions, type Ask } from './answer-reply.ts'
import { requireIds } from './auth.ts'
import type { Call } from './call.ts'
import { Problem } from './problem.ts'
import { jsonTypes, type Route } from './route.ts'
import type { Validators } from './validators.ts'

export interface AnswerRouteOptions extends AnswerReplyOptions {
  validators: Validators
  /** Answers that need a key are not for shared caches. */
  isAuthOn: boolean
}

const shared = { scope: 'read', forBrowsers: true, needsViews: true } as const
const body = { bytesMax: 512 * 1024, types: jsonTypes }

/** The routes that recommend. */
export function answerRoutes(options: AnswerRouteOptions): Route[] {
  const replies = new AnswerReply(options)
  return [
    postRoute(options, replies),
    getRoute(options, replies),
    neighboursRoute('similar', options, replies),
    neighboursRoute('bought_together', options, replies),
    rankRoute(options, replies)
  ]
}

function postRoute({ answering, validators }: AnswerRouteOptions, replies: AnswerReply): Route {
  const path = '/v1/recommendations'
  const answer = (call: Call) => {
    const after = afterOf(call, path, validators)
    const value = call.json()
    if (typeof value === 'object' && value !== null && 'widgets' in value) {
      const page = validators.body<PageRequest>('PageRequest', value)
      const queries = widgetQueries(page)
      for (const { query } of queries) requireIds(call.identity, query)
      return replies.to(call, after, askWidgets(answering, queries, page.unique === true))
    }
    const query = completeQuery(validators.body<RecommendationRequest>('RecommendationRequest', value))
    requireIds(call.identity, query)
    return replies.to(call, after, (deadlineMs, seen) => answering.recommend(query, deadlineMs, seen))
  }
  return { method: 'POST', path, ...shared, body, answer }
}

function getRoute({ answering, validators }: AnswerRouteOptions, replies: AnswerReply): Route {
  const path = '/v1/recommendations'
  const answer = (call: Call) => {
    const { after, ...flat } = validators.query<Flat>(path, 'get', call.request.query)
    const query = completeQuery(nested(flat))
    requireIds(call.identity, query)
    return replies.to(call, after, (deadlineMs, seen) => answering.recommend(query, deadlineMs, seen))
  }
  return { method: 'GET', path, ...shared, answer }
}

/** Cacheable where nobody is named and no write is waited for. */
function neighboursRoute(
  relation: NonNullable<Query['relation']>,
  { answering, validators, isAuthOn }: AnswerRouteOptions,
  replies: AnswerReply
): Route {
  const path = `/v1/products/{id}/${relation.replace('_', '-')}`
  const minute = isAuthOn ? 'private, max-age=60' : 'public, max-age=60'
  const answer = (call: Call) => {
    const { after, ...request } = validators.query<Flat>(path, 'get', call.request.query)
    const query = completeQuery({ ...request, surface: 'product', items: [call.pathId()] })
    query.relation = relation
    requireIds(call.identity, query)
    const isAnonymous = query.user_id === undefined && query.session_id === undefined && after === undefined
    const ask: Ask = (deadlineMs, seen) => answering.recommend(query, deadlineMs, seen)
    return replies.to(call, after, ask, isAnonymous ? minute : 'no-store')
  }
  return { method: 'GET', path, ...shared, answer }
}

function rankRoute({ answering, validators }: AnswerRouteOptions, replies: AnswerReply): Route {
  const path = '/v1/rank'
  const answer = (call: Call) => {
    const after = afterOf(call, path, validators)
    const request = validators.body<RankRequest>('RankRequest', call.json())
    requireIds(call.identity, request)
    return replies.to(call, after, (deadlineMs, seen) => answering.rank(request, deadlineMs, seen))
  }
  return { method: 'POST', path, ...shared, body, answer }
}

/** The one parameter that a POST has in its query. */
function afterOf(call: Call, path: string, validators: Validators): string | undefined {
  const { query } = call.request
  return query === '' ? undefined : validators.query<{ after?: string }>(path, 'post', query).after
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
    const response: PageResponse = { widgets: Object.fromEntries(answers) }
    return response
  }
}
