/**
 * One act of a session on one item, after dedup, traffic filter and session cut. Topic `session-steps`, key = `session`.
 * Consecutive events of different types on one item are one act: the first is written at once, and a stronger one that
 * follows is written again under the same `position`, where it replaces the type.
 */
export interface SessionStep {
  /** The session as cut: `session_id` (else `user_id`) + `#` + number of the cut. */
  session: string
  /** The session id the visitor sent, else their user id: what `sessions` and answers are looked up by. */
  session_id: string
  user_id: string | null
  product_id: string
  event_type: 'view' | 'click' | 'add_to_cart' | 'purchase'
  ts: number
  /** Position in the session, from 0. */
  position: number
  order_id: string | null
  /** The act came from an answer of ours. */
  recommendation_id: string | null
}
