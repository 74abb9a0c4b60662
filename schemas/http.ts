/**
 * What crosses the HTTP and WebSocket border (INTERFACES 4 and 5), as TypeScript. The same shapes as JSON Schema, which
 * requests are checked against, stand in `http-schemas.ts`. Times in these shapes are RFC 3339 text.
 */

export const surfaces = ['home', 'product', 'cart', 'email'] as const
export type Surface = (typeof surfaces)[number]

/** Closed list of why an item is in a list. `fills_list` = nothing but the wish for a full list. */
export const reasonCodes = [
  'similar_to_viewed',
  'viewed_then_bought',
  'bought_together',
  'bought_before',
  'because_of_affinity',
  'recently_viewed',
  'similar_content',
  'popular_in_category',
  'popular',
  'trending',
  'new_arrival',
  'fills_list'
] as const
export type ReasonCode = (typeof reasonCodes)[number]

/** What a caller may send at most; also the bounds of every buffer behind it. */
export const limits = {
  idBytes: 256,
  eventBytes: 16 * 1024,
  eventsPerRequest: 500,
  rowsPerRequest: 5_000,
  rowBytes: 64 * 1024,
  itemsPerAnswer: 100,
  defaultItemsPerAnswer: 20,
  itemsInRequest: 200,
  excludedItems: 500,
  candidates: 500,
  categories: 50,
  widgets: 10,
  /** How long `after` waits at most. */
  afterWaitMs: 500,
  tokenTtlS: 24 * 3600
} as const

export interface Rules {
  in_stock?: boolean
  price_min?: number
  price_max?: number
  /** Category paths; a category includes what is below it. */
  categories?: string[]
  exclude_items?: string[]
  exclude_purchased_days?: number
  max_per_category?: number
}

/** A recommendation request as callers send it. */
export interface RecommendationRequest {
  surface: Surface
  user_id?: string
  session_id?: string
  /** The product looked at, or what is in the cart. */
  items?: string[]
  /** Product ids, oldest first, from callers that keep sessions themselves. */
  session?: string[]
  limit?: number
  region?: string
  /** false: no user or session is read or logged. */
  personalize?: boolean
  /** Position of the first item of the answer, from 1: for next pages. */
  position_from?: number
  rules?: Rules
  explain?: boolean
}

/** Several lists in one call and one deadline; with `unique`, no item twice: earlier widgets win. */
export interface PageRequest {
  user_id?: string
  session_id?: string
  widgets: (RecommendationRequest & { id: string })[]
  unique?: boolean
}

export interface RankRequest {
  surface: Surface
  candidates: string[]
  user_id?: string
  session_id?: string
  session?: string[]
  items?: string[]
  region?: string
  personalize?: boolean
  explain?: boolean
}

export interface TokenRequest {
  user_id?: string
  session_id: string
  ttl_s: number
}

export interface Reason {
  code: ReasonCode
  /** The item of this person's own history, or of the request, that led here. */
  product_id?: string
  category?: string
  brand?: string
}

export interface RecommendedItem {
  product_id: string
  /** Compares within one answer only. */
  score: number
  position: number
  title?: string
  price?: number
  reasons: Reason[]
  /** Only with `explain`: what each part added to the score. */
  explain?: Record<string, number>
}

/** What the recommender answers; the edge adds `state`. */
export interface Answer {
  recommendation_id: string
  surface: Surface
  items: RecommendedItem[]
  /** No item comes from this person's, session's or item's own evidence. */
  fallback: boolean
  experiment: { id: string; variant: string } | null
  retrieval: { name: string; version: number }
  model: { name: string; version: number } | null
  /** The deadline cut a stage. */
  partial: boolean
}

export type AfterOutcome = 'reached' | 'timeout' | 'unknown'

export interface State {
  topology_version: number
  as_of: string
  staleness_ms: number
  after?: AfterOutcome
}

export type RecommendationResponse = Answer & { state: State }

export interface PageResponse {
  widgets: Record<string, RecommendationResponse>
}

export interface Rejection {
  /** Place in the request, from 0. */
  index: number
  code: string
  detail: string
}

export interface WriteResponse {
  accepted: number
  rejected: Rejection[]
  /** Absent when nothing was accepted. */
  token?: string
}

export const tableNames = ['products', 'users', 'orders', 'order-items'] as const
export type TableName = (typeof tableNames)[number]

export const pushCauses = ['initial', 'event', 'catalog', 'model', 'version'] as const
export type PushCause = (typeof pushCauses)[number]
