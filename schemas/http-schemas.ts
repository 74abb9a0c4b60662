import { erasureReceipt } from './erasure-schemas.ts'
import { limits, pushCauses, reasonCodes, surfaces } from './http.ts'
import { eventTypes } from './interaction.ts'

/** JSON Schema 2020-12, as OpenAPI 3.1 has it. */
export type JsonSchema = { readonly [keyword: string]: unknown }

export const ref = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` })

function object(
  required: readonly string[],
  properties: Record<string, JsonSchema>,
  more: JsonSchema = {}
): JsonSchema {
  return { type: 'object', additionalProperties: false, required, properties, ...more }
}

function list(items: JsonSchema, maxItems: number, description?: string): JsonSchema {
  return { type: 'array', items, maxItems, ...(description === undefined ? {} : { description }) }
}

const id = (description: string): JsonSchema => ({
  type: 'string',
  minLength: 1,
  maxLength: limits.idBytes,
  description
})
const time: JsonSchema = { type: 'string', format: 'date-time' }
const count: JsonSchema = { type: 'integer', minimum: 0 }
const nullable = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, { type: 'null' }] })

/** One by one they are query parameters of GET as well. */
export const ruleProperties = {
  in_stock: { type: 'boolean', description: 'Only items in stock.' },
  price_min: { type: 'number', minimum: 0 },
  price_max: { type: 'number', minimum: 0 },
  categories: list(id('Category path `a > b`; includes what is below it.'), limits.categories),
  exclude_items: list(id('Product id.'), limits.excludedItems, 'Never these: for next pages, the ids already shown.'),
  exclude_purchased_days: {
    type: 'integer',
    minimum: 0,
    maximum: 3650,
    description: 'Not what was bought in these days.'
  },
  max_per_category: { type: 'integer', minimum: 1, maximum: 100 }
} satisfies Record<string, JsonSchema>

const visitor = {
  user_id: id('Who asks; unknown ids are fine.'),
  session_id: id('The visit; its events count in its next answer.')
}

const personal = {
  ...visitor,
  session: list(id('Product id.'), limits.itemsInRequest, 'Oldest first, from callers that keep sessions themselves.'),
  items: list(id('Product id.'), limits.itemsInRequest, 'The product looked at, or what is in the cart.'),
  region: { type: 'string', minLength: 1, maxLength: 64, description: 'Only items available there.' },
  personalize: { type: 'boolean', default: true, description: 'false: no user or session is read or logged.' },
  explain: { type: 'boolean', default: false, description: 'Adds to every item what its score is made of.' }
}

export const requestProperties = {
  surface: { type: 'string', enum: surfaces },
  ...personal,
  limit: { type: 'integer', minimum: 1, maximum: limits.itemsPerAnswer, default: limits.defaultItemsPerAnswer },
  position_from: {
    type: 'integer',
    minimum: 1,
    maximum: 100_000,
    default: 1,
    description: 'Position of the first item.'
  }
} satisfies Record<string, JsonSchema>

const request = { ...requestProperties, rules: ref('Rules') }

const state = object(['topology_version', 'as_of', 'staleness_ms'], {
  topology_version: count,
  as_of: time,
  staleness_ms: { type: 'number', minimum: 0 },
  after: { enum: ['reached', 'timeout', 'unknown'], description: 'Whether the views had passed the `after` token.' }
})

const named = (second: string, type: JsonSchema) =>
  object([second === 'variant' ? 'id' : 'name', second], {
    [second === 'variant' ? 'id' : 'name']: { type: 'string' },
    [second]: type
  })

const item = object(['product_id', 'score', 'position', 'reasons'], {
  product_id: { type: 'string' },
  score: { type: 'number', description: 'Compares within one answer only.' },
  position: { type: 'integer', minimum: 1 },
  title: { type: 'string' },
  price: { type: 'number' },
  reasons: { type: 'array', items: ref('Reason') },
  explain: { type: 'object', additionalProperties: { type: 'number' } }
})

const response = object(
  ['recommendation_id', 'surface', 'items', 'fallback', 'experiment', 'retrieval', 'model', 'partial', 'state'],
  {
    recommendation_id: { type: 'string', description: 'Send it with the clicks this list causes, in `context`.' },
    surface: { enum: surfaces },
    items: { type: 'array', items: ref('RecommendedItem') },
    fallback: { type: 'boolean', description: 'No item comes from this person’s, session’s or item’s own evidence.' },
    experiment: nullable(named('variant', { type: 'string' })),
    retrieval: named('version', { type: 'integer' }),
    model: nullable(named('version', { type: 'integer' })),
    partial: { type: 'boolean', description: 'The deadline cut a stage.' },
    state: ref('State')
  }
)

const rejection = object(['index', 'code', 'detail'], {
  index: count,
  code: { type: 'string' },
  detail: { type: 'string' }
})

const interaction: JsonSchema = {
  type: 'object',
  description:
    'Fields not named here are kept in `context`. `impression` has no `product_id` but needs `context.recommendation_id` and `context.seen`.',
  required: ['event_id', 'event_type'],
  anyOf: [{ required: ['user_id'] }, { required: ['session_id'] }],
  properties: {
    event_id: id('Counted once within 24 h.'),
    ...visitor,
    event_type: { enum: eventTypes },
    product_id: id('What was acted on.'),
    ts: { ...time, description: 'Absent: the server’s time.' },
    context: { type: 'object' }
  }
}

const problem: JsonSchema = {
  type: 'object',
  description: 'RFC 9457.',
  required: ['type', 'title', 'status', 'code', 'detail', 'request_id'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', description: 'Stable; see the list of errors.' },
    detail: { type: 'string', description: 'What to change.' },
    request_id: { type: 'string' },
    pointer: { type: 'string', description: 'JSON pointer (RFC 6901) to the field.' },
    parameter: { type: 'string', description: 'Query parameter or header.' },
    rejected: { type: 'array', items: ref('Rejection') }
  }
}

const features = (idName: string): JsonSchema =>
  object([idName, 'features'], {
    [idName]: { type: 'string' },
    features: nullable({ type: 'object', description: 'null: nothing is known. Times are RFC 3339.' })
  })

const row = (more: Record<string, JsonSchema>, required: readonly string[]): JsonSchema => ({
  type: 'object',
  description: 'Columns not named here are ignored.',
  anyOf: [{ required: ['delete'] }, { required }],
  properties: { delete: { description: 'The key of the row that is gone.' }, ...more }
})

const text: JsonSchema = { type: ['string', 'null'] }
const amount: JsonSchema = { type: ['number', 'string', 'null'] }

export const componentSchemas = {
  Interaction: interaction,
  EventBatch: object(['events'], {
    events: list(ref('Interaction'), limits.eventsPerRequest),
    access_token: { type: 'string', description: 'For `sendBeacon`, which sends no headers.' }
  }),
  Rejection: rejection,
  WriteResponse: object(['accepted', 'rejected'], {
    accepted: count,
    rejected: { type: 'array', items: ref('Rejection') },
    token: { type: 'string', description: 'For `?after=`. Absent when nothing was accepted.' }
  }),
  TokenResponse: object(['token'], { token: { type: 'string' } }),
  ErasureReceipt: erasureReceipt,
  Rules: object([], ruleProperties),
  RecommendationRequest: object(['surface'], request),
  PageRequest: object(['widgets'], {
    ...visitor,
    widgets: {
      ...list(object(['id', 'surface'], { id: id('Names the list in the answer.'), ...request }), limits.widgets),
      minItems: 1
    },
    unique: { type: 'boolean', default: false, description: 'No item twice: earlier widgets win.' }
  }),
  RankRequest: object(['surface', 'candidates'], {
    surface: { type: 'string', enum: surfaces },
    candidates: { ...list(id('Product id.'), limits.candidates), minItems: 1 },
    ...personal
  }),
  MergeRequest: object(['from'], { from: id('The device’s id, whose history joins the user’s.') }),
  TokenRequest: object(['session_id', 'ttl_s'], {
    ...visitor,
    ttl_s: { type: 'integer', minimum: 1, maximum: limits.tokenTtlS, description: 'Seconds the token is good for.' }
  }),
  SignedToken: object(['token', 'expires_at'], { token: { type: 'string' }, expires_at: time }),
  Reason: object(['code'], {
    code: { type: 'string', enum: reasonCodes },
    product_id: { type: 'string' },
    category: { type: 'string' },
    brand: { type: 'string' }
  }),
  RecommendedItem: item,
  State: state,
  RecommendationResponse: response,
  PageResponse: object(['widgets'], {
    widgets: { type: 'object', additionalProperties: ref('RecommendationResponse') }
  }),
  UserFeatures: features('user_id'),
  ProductFeatures: features('product_id'),
  ProductRow: row(
    {
      product_id: id('Key.'),
      title: { type: 'string' },
      description: text,
      category: { ...text, description: 'A path, `a > b`.' },
      brand: text,
      attributes: {},
      price: amount,
      stock: amount,
      image_url: text,
      group_id: { ...text, description: 'Variants of one product share it: one per list.' },
      currency: text,
      active: {},
      available_in: {},
      available_from: {},
      available_until: {},
      created_at: {},
      updated_at: {}
    },
    ['product_id', 'title']
  ),
  UserRow: row(
    { user_id: id('Key.'), name: text, country: text, preferences: {}, consent_personalization: {}, updated_at: {} },
    ['user_id']
  ),
  OrderRow: row(
    {
      order_id: id('Key.'),
      user_id: { description: 'null: a guest.' },
      order_ts: {},
      total: amount,
      status: { enum: ['placed', 'cancelled', 'returned'] }
    },
    ['order_id', 'user_id', 'order_ts']
  ),
  OrderItemRow: row(
    { order_id: id('Key.'), product_id: id('The line.'), qty: amount, price: amount, returned_qty: amount },
    ['order_id', 'product_id', 'qty']
  ),
  Subscription: object(['surface'], {
    ...request,
    min_interval_ms: { type: 'integer', minimum: 0, maximum: 60_000, default: 0 }
  }),
  ClientMessage: {
    type: 'object',
    required: ['type'],
    properties: {
      type: { type: 'string', enum: ['connection_init', 'subscribe', 'event', 'complete', 'ping', 'pong'] },
      id: { type: 'string', minLength: 1, maxLength: 128 },
      token: { type: 'string', maxLength: 4096 },
      payload: { type: 'object' }
    },
    allOf: [
      {
        if: { properties: { type: { enum: ['subscribe', 'event'] } } },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { required: ['id', 'payload'] }
      },
      {
        if: { properties: { type: { const: 'complete' } } },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { required: ['id'] }
      }
    ]
  },
  Next: object(['type', 'id', 'seq', 'payload'], {
    type: { const: 'next' },
    id: { type: 'string' },
    seq: { type: 'integer', minimum: 1 },
    payload: {
      ...response,
      required: [...(response.required as string[]), 'cause'],
      properties: { ...(response.properties as object), cause: { enum: pushCauses } }
    }
  }),
  Problem: problem
} satisfies Record<string, JsonSchema>

export type SchemaName = keyof typeof componentSchemas
