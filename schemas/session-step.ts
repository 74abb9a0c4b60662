/**
 * One act of a session on one item, after dedup, traffic filter and session cut. Topic `session-steps`, key = `session`.
 * Consecutive events of different types on one item are one act: the first is written at once, and a stronger one that
 * follows is written again under the same `position`, where it replaces the type. So is the newest one when its visitor signs
 * in by what makes no step: of a user's visit at least one step names them.
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

/**
 * On the same topic, in the place where it counts, key = `session_id`: of the steps before it, the visits under this id
 * that are the user's, its own (a merged device's) or nobody's, and began up to `ts`, are to be forgotten.
 */
export interface SessionErasure extends Omit<SessionStep, 'event_type' | 'product_id' | 'order_id'> {
  event_type: 'erase'
  user_id: string
  product_id: ''
  /** Id of the erasure. */
  order_id: string
}

export function isErasure(step: Pick<SessionStep | SessionErasure, 'event_type'>): step is SessionErasure {
  return step.event_type === 'erase'
}

export function sessionErasure(session_id: string, user_id: string, erasure_id: string, ts: number): SessionErasure {
  return {
    session: session_id,
    session_id,
    user_id,
    product_id: '',
    event_type: 'erase',
    ts,
    position: 0,
    order_id: erasure_id,
    recommendation_id: null
  }
}
