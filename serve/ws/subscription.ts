import type { PushCause, RecommendationResponse } from '../../schemas/http.ts'
import type { Query } from '../ports.ts'

/** Who is shown the lists: a socket or an event stream. */
export interface Viewer {
  next(subscription: Subscription, payload: RecommendationResponse & { cause: PushCause }): void
  /** The subscription has ended with an error. */
  failed(subscription: Subscription, error: unknown): void
  /** Not yet taken by the other side. */
  readonly bufferedBytes: number
  /** Has been behind for too long. */
  tooSlow(): void
}

/** One list that somebody looks at. */
export class Subscription {
  readonly id: string
  readonly viewer: Viewer
  readonly query: Query
  readonly minIntervalMs: number
  seq = 0
  isOver = false
  sentMs = Number.NEGATIVE_INFINITY
  computedMs = 0
  /** Why it has to be looked at again, once its reader or its interval allows it: at most one, the last. */
  pending: PushCause | null = null
  timer: NodeJS.Timeout | null = null
  items: string[] = []
  private looks = ''

  constructor(id: string, viewer: Viewer, query: Query, minIntervalMs: number) {
    this.id = id
    this.viewer = viewer
    this.query = query
    this.minIntervalMs = minIntervalMs
  }

  /** Whether a reader would see a difference: other items, another order, title or price. Scores alone are none. */
  isChangedBy(response: RecommendationResponse): boolean {
    let looks = ''
    for (const { product_id, title, price } of response.items) looks += `${product_id}\0${title}\0${price}\n`
    if (looks === this.looks && this.seq > 0) return false
    this.looks = looks
    return true
  }
}
