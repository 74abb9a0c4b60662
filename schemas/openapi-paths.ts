import { limits, type TableName, tableNames } from './http.ts'
import { type JsonSchema, ref, requestProperties, ruleProperties, type SchemaName } from './http-schemas.ts'

export interface Parameter {
  name: string
  in: 'query' | 'path' | 'header'
  required?: boolean
  description?: string
  /** `a,b,c`; a parameter may be repeated as well. */
  style?: 'form'
  explode?: boolean
  schema: JsonSchema
}

export interface Operation {
  operationId: string
  summary: string
  description?: string
  tags: string[]
  security?: unknown[]
  parameters?: Parameter[]
  requestBody?: { required: true; content: Record<string, { schema: JsonSchema; example?: unknown }> }
  responses: Record<string, unknown>
}

const pathId: Parameter = {
  name: 'id',
  in: 'path',
  required: true,
  schema: { type: 'string', minLength: 1, maxLength: limits.idBytes }
}

const after: Parameter = {
  name: 'after',
  in: 'query',
  description: `Token of a write: waits at most ${limits.afterWaitMs} ms until the views have passed it.`,
  schema: { type: 'string', minLength: 1, maxLength: 1024 }
}

const common: Parameter[] = [
  header('X-Request-Id', 'Echoed; made where absent.', { type: 'string', maxLength: 128 }),
  header('X-Request-Timeout-Ms', 'The caller’s deadline; past it the answer is `partial`.', {
    type: 'integer',
    minimum: 1,
    maximum: 60_000
  })
]

function header(name: string, description: string, schema: JsonSchema): Parameter {
  return { name, in: 'header', description, schema }
}

function query(name: string, schema: JsonSchema, required = false): Parameter {
  const base: Parameter = { name, in: 'query', schema, ...(required ? { required } : {}) }
  return schema.type === 'array' ? { ...base, style: 'form', explode: false } : base
}

const flatRequest: Parameter[] = [
  ...Object.entries(requestProperties).map(([name, schema]) => query(name, schema, name === 'surface')),
  ...Object.entries(ruleProperties).map(([name, schema]) => query(name, schema))
]

const neighbourQuery: Parameter[] = (['user_id', 'session_id', 'limit', 'region', 'personalize', 'explain'] as const)
  .map(name => query(name, requestProperties[name]))
  .concat(after)

const json = (schema: JsonSchema) => ({ 'application/json': { schema } })

const replyHeaders = { 'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' } }

function answers(status: string, description: string, schema: JsonSchema, ...problems: number[]) {
  const responses: Record<string, unknown> = {
    [status]: {
      description,
      headers: { ...replyHeaders, 'Server-Timing': { $ref: '#/components/headers/Server-Timing' } },
      content: json(schema)
    }
  }
  for (const problem of [...new Set([400, 401, 403, 422, 429, ...problems])].sort()) {
    responses[String(problem)] = { $ref: `#/components/responses/${problem}` }
  }
  return responses
}

function scope(name: 'read' | 'write' | 'admin') {
  return [{ bearer: [name] }, { apiKey: [name] }]
}

const recommendations = answers('200', 'The list', ref('RecommendationResponse'), 404, 503)

const getOperations = {
  '/v1/recommendations': operation('getRecommendations', 'One list, for simple callers', 'answers', {
    security: scope('read'),
    parameters: [...flatRequest, after],
    responses: recommendations
  }),
  '/v1/products/{id}/similar': operation('getSimilar', 'Items like this one', 'answers', {
    description: 'Cacheable for a minute (`max-age=60`) unless a `user_id` or `session_id` is sent.',
    security: scope('read'),
    parameters: [pathId, ...neighbourQuery],
    responses: recommendations
  }),
  '/v1/products/{id}/bought-together': operation('getBoughtTogether', 'What is bought with this one', 'answers', {
    description: 'Cacheable for a minute (`max-age=60`) unless a `user_id` or `session_id` is sent.',
    security: scope('read'),
    parameters: [pathId, ...neighbourQuery],
    responses: recommendations
  }),
  '/v1/products/{id}/features': operation('getProductFeatures', 'What is known of a product', 'features', {
    security: scope('read'),
    parameters: [pathId],
    responses: answers('200', 'Features', ref('ProductFeatures'), 503)
  }),
  '/v1/users/{id}/features': operation('getUserFeatures', 'What is known of a person', 'features', {
    security: scope('admin'),
    parameters: [pathId],
    responses: answers('200', 'Features', ref('UserFeatures'), 503)
  }),
  '/v1/stream': operation('stream', 'Pushed lists as server-sent events', 'answers', {
    description:
      'Fallback for the WebSocket at `/v1/ws` (subprotocol `millrace.v1.json`): the first list at once, then each that differs, as `event: next` with `{seq, payload}`. Before the server stops: `event: goaway`.',
    security: scope('read'),
    parameters: [
      ...flatRequest,
      query('min_interval_ms', { type: 'integer', minimum: 0, maximum: 60_000, default: 0 }),
      query('access_token', {
        type: 'string',
        maxLength: 4096,
        description: 'A signed token: EventSource has no headers.'
      })
    ],
    responses: {
      ...answers('200', 'Events', { type: 'string' }, 404, 503),
      '200': { description: 'Events', content: { 'text/event-stream': { schema: { type: 'string' } } } }
    }
  })
}

const postOperations = {
  '/v1/events': operation('postEvents', 'Tell what people do', 'writes', {
    description: `One event or \`{"events": […]}\` (≤ ${limits.eventsPerRequest}, ≤ 16 KiB each). 202 means durable. A bad event does not reject the others; 422 only if all are bad. \`text/plain\` with \`access_token\` in the body serves \`navigator.sendBeacon\`.`,
    security: scope('write'),
    parameters: [],
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: { anyOf: [ref('EventBatch'), ref('Interaction')] },
          example: {
            event_id: '7d5c',
            user_id: 'u_123',
            session_id: 's_456',
            event_type: 'view',
            product_id: 'sku_789'
          }
        },
        'text/plain': { schema: { type: 'string' } }
      }
    },
    responses: answers('202', 'Durable', ref('WriteResponse'), 413, 415)
  }),
  '/v1/recommendations': operation('postRecommendations', 'One list, or the widgets of a page', 'answers', {
    security: scope('read'),
    parameters: [after],
    requestBody: body(
      { anyOf: [ref('RecommendationRequest'), ref('PageRequest')] },
      { surface: 'home', user_id: 'u_123', session_id: 's_456', limit: 10, rules: { in_stock: true } }
    ),
    responses: answers(
      '200',
      'The list, or the lists by widget',
      { anyOf: [ref('RecommendationResponse'), ref('PageResponse')] },
      404,
      413,
      415,
      503
    )
  }),
  '/v1/rank': operation('rank', 'Order candidates of your own', 'answers', {
    description: 'All come back; those never heard of last.',
    security: scope('read'),
    parameters: [after],
    requestBody: body(ref('RankRequest'), { surface: 'home', candidates: ['sku_1', 'sku_2'], user_id: 'u_123' }),
    responses: answers('200', 'The candidates in order', ref('RecommendationResponse'), 404, 413, 415, 503)
  }),
  '/v1/users/{id}/merge': operation('mergeUser', 'Join a device’s history to a user', 'writes', {
    security: scope('write'),
    parameters: [pathId],
    requestBody: body(ref('MergeRequest'), { from: 'device_9' }),
    responses: answers('202', 'Durable', ref('TokenResponse'), 413, 415)
  }),
  '/v1/tokens': operation('postTokens', 'A signed token for a browser', 'writes', {
    description: 'Good for events and answers of exactly these ids, until it expires.',
    security: scope('write'),
    parameters: [],
    requestBody: body(ref('TokenRequest'), { user_id: 'u_123', session_id: 's_456', ttl_s: 3600 }),
    responses: answers('200', 'The token', ref('SignedToken'), 413, 415)
  })
}

const eraseUser = operation('eraseUser', 'Forget a person', 'privacy', {
  description:
    'Also under every session and device known to be theirs, and whatever of theirs comes within 5 minutes. Durable when answered; `GET /v1/erasures/{id}` tells how far it is, place by place.',
  security: scope('admin'),
  parameters: [pathId],
  responses: answers('202', 'The erasure', ref('ErasureReceipt'))
})

const getErasure = operation('getErasure', 'How far an erasure is', 'privacy', {
  description: 'Place by place; what a server keeps in memory is told of the one that answers.',
  security: scope('admin'),
  parameters: [pathId],
  responses: answers('200', 'The receipt', ref('ErasureReceipt'), 404, 503)
})

const rowSchemas: Record<TableName, SchemaName> = {
  products: 'ProductRow',
  users: 'UserRow',
  orders: 'OrderRow',
  'order-items': 'OrderItemRow'
}

function tableOperation(table: TableName): Operation {
  const lineDelete = '{"delete": {"order_id", "product_id"}}'
  return operation(`post_${table.replace('-', '_')}`, `Rows of ${table}`, 'writes', {
    description: `A JSON array or NDJSON of rows or ${table === 'order-items' ? lineDelete : '{"delete": id}'} (≤ ${limits.rowsPerRequest} rows, ≤ 64 KiB each). A bad row does not reject the others.`,
    security: scope('admin'),
    parameters: [],
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: { type: 'array', maxItems: limits.rowsPerRequest, items: ref(rowSchemas[table]) }
        },
        'application/x-ndjson': { schema: { type: 'string' } }
      }
    },
    responses: answers('202', 'Durable', ref('WriteResponse'), 413, 415)
  })
}

function body(schema: JsonSchema, example: unknown) {
  return { required: true as const, content: { 'application/json': { schema, example } } }
}

function operation(
  operationId: string,
  summary: string,
  tag: string,
  rest: Omit<Operation, 'operationId' | 'summary' | 'tags'>
): Operation {
  return { operationId, summary, tags: [tag], ...rest, parameters: [...(rest.parameters ?? []), ...common] }
}

/** Path → method → operation. */
export function openApiPaths(): Record<string, Record<string, Operation>> {
  const all: Record<string, Record<string, Operation>> = {}
  for (const [path, post] of Object.entries(postOperations)) all[path] = { post }
  for (const table of tableNames) all[`/v1/tables/${table}`] = { post: tableOperation(table) }
  all['/v1/users/{id}'] = { delete: eraseUser }
  all['/v1/erasures/{id}'] = { get: getErasure }
  for (const [path, get] of Object.entries(getOperations)) all[path] = { ...all[path], get }
  return all
}
