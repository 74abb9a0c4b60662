import type { EventType } from './interaction.ts'

/**
 * An admitted event and the person it counts for. Topic `acts`, key = `person`. When an anonymous event turns out to be a
 * user's, it is taken back from the session (`undo`) and counts for the user.
 */
export interface Act {
  /** `user_id`, else `session_id`. */
  person: string
  user_id: string | null
  product_id: string
  event_type: EventType
  ts: number
  order_id: string | null
  /** The act came from an answer of ours. */
  recommendation_id: string | null
  price: number | null
  qty: number
  undo: boolean
}

/** Joins the history of a device. Topic `merges`, key = the device's id. */
export interface Merge {
  user_id: string
  ts: number
}

/** What one order, or one purchase by events, holds. View `baskets`, key = order id, else a name of its own. */
export interface Basket {
  person: string
  /** false: an anonymous session. */
  is_user: boolean
  ts: number
  /** false: cancelled, returned or deleted. */
  counts: boolean
  /** By time and product; by events, a product may stand here twice. What was taken out of an order stays with `qty` 0. */
  lines: BasketLine[]
}

export interface BasketLine {
  product_id: string
  /** Of the purchase, or of the order. */
  ts: number
  /** Bought less returned. */
  qty: number
  /** Of one unit; 0 = not known. */
  price: number
  /** No answer of ours caused it. */
  organic: boolean
}

/** An answer given. Topic `impressions`, key = user_id, else session_id, else recommendation_id. */
export interface Impression {
  recommendation_id: string
  surface: string
  user_id: string | null
  session_id: string | null
  ts: number
  product_ids: string[]
  /** Position of the first one, from 1. */
  position_from: number
  fallback: boolean
  retrieval: string
  retrieval_version: number
  model: string | null
  model_version: number | null
  experiment: string | null
  variant: string | null
}

/**
 * Topic `control`. An exclusion is keyed by the user or session id whose traffic counts for nobody else; other kinds are
 * their writers' business.
 */
export type Control = { kind: 'exclusion'; excluded: boolean } | { kind: 'note'; [field: string]: unknown }
