/**
 * What answers behind the edge. The edge validates, authenticates and writes; these four decide. Everything that is
 * handed over has passed the published schemas: ids have 1 to 256 bytes, lists are within `limits`.
 */
import type { ErasureReceipt } from '../schemas/erasure.ts'
import type { AfterOutcome, Answer, RankRequest, RecommendationRequest, TableName } from '../schemas/http.ts'
import type { Interaction } from '../schemas/interaction.ts'
import type { OrderItemRow, OrderRow, ProductRow, UserRow } from '../schemas/tables.ts'
import type { ItemFeatures, UserFeatures } from '../schemas/views.ts'

export interface TableRows {
  products: ProductRow
  users: UserRow
  orders: OrderRow
  'order-items': OrderItemRow
}

/**
 * One change of a table: the key it is stored under and the row as it now stands; `null` deletes the key. A line of an
 * order is deleted by a row with `deleted: true`, since many lines share the key of their order.
 */
export interface RowChange<Row> {
  key: string
  row: Row | null
}

/** Names the position of a write in the inputs; opaque to the edge, URL-safe, ≤ 1 KiB. */
export interface Written {
  token: string
}

/**
 * Durable when the promise is kept. A side that cannot take more rejects with a `MillraceError` of code `overloaded`,
 * which callers see as 429 with `Retry-After`; `not_ready` becomes 503. The arrays are the receiver's to keep.
 */
export interface Ingest {
  appendEvents(events: Interaction[]): Promise<Written>
  appendRows<T extends TableName>(table: T, changes: RowChange<TableRows[T]>[]): Promise<Written>
  /** `from`'s history (a device id) becomes `userId`'s. */
  merge(userId: string, from: string): Promise<Written>
}

/** Forgets people. */
export interface Erasures {
  /** Durable when kept: from then on nothing but time is needed. */
  begin(userId: string): Promise<ErasureReceipt>
  /** null: there is none of this id. Kept soon: what takes longer is `running`. */
  find(erasureId: string): Promise<ErasureReceipt | null>
}

/** A request with its defaults filled in. */
export interface Query extends RecommendationRequest {
  limit: number
  personalize: boolean
  position_from: number
  /** Set by the product routes: only this kind of neighbour of `items[0]` (others fill up only when there are too few). */
  relation?: 'similar' | 'bought_together'
}

export interface RankQuery extends RankRequest {
  personalize: boolean
}

/** Stages of an answer, in `Server-Timing` and `millrace_stage_duration_seconds`. The edge times `read`, `wait`, `write`. */
export const stageNames = ['read', 'wait', 'retrieve', 'rules', 'rank', 'diversify', 'explain', 'write'] as const
export type StageName = (typeof stageNames)[number]

/** Charges the time since the last call to `stage`. Cheap: one clock reading, no allocation. */
export interface StageClock {
  end(stage: StageName): void
}

/** Valid during the call only; the edge uses it again for the next one. */
export interface AnswerContext {
  /** Epoch ms: the time that decays and windows are read at. */
  now: number
  /** On the clock of `performance.now()`; past it, skip what can be skipped and say `partial`. */
  deadlineMs: number
  stages: StageClock
}

/** What is kept of an answer. */
export type ShownAnswer = Pick<Answer, 'recommendation_id' | 'surface' | 'items' | 'fallback' | 'retrieval'>

/**
 * Answers from memory, synchronously, within the serving thread. Unknown ids and an empty shop are no errors. The answer
 * is the edge's until the next turn of the event loop and is not changed by it. `explain` is shown only when asked for.
 */
export interface Recommender {
  /** Nobody has seen it yet: nothing is kept of it. */
  recommend(query: Query, context: AnswerContext): Answer
  /** The answer was given: it leaves an impression, and the next step of its visit is compared with it. */
  shown(query: Query, answer: ShownAnswer, now: number): void
  /** Every candidate comes back, once; those never heard of last. Always shown. */
  rank(query: RankQuery, context: AnswerContext): Answer
  userFeatures(userId: string): UserFeatures | null
  productFeatures(productId: string): ItemFeatures | null
}

export interface Readiness {
  ready: boolean
  /** One sentence for the operator: what is being waited for. */
  detail: string
}

export interface Freshness {
  /** Kept at once when the views are already past the token; bounded by `timeoutMs`, never rejected. */
  waitFor(token: string, timeoutMs: number): Promise<AfterOutcome>
  /** Read for every answer: no allocation where nothing changed. `as_of` is RFC 3339. */
  state(): { topology_version: number; as_of: string; staleness_ms: number }
  /** Not ready: answers are 503 with `Retry-After`; writes are still taken. */
  ready(): Readiness
}

/**
 * Keys whose answers may differ from now on. Sessions and users are told as soon as their own event counts in an answer
 * (which may be before it has come back through the log); items when their catalog row or a rule about them changed.
 */
export interface Touched {
  sessions: ReadonlySet<string>
  users: ReadonlySet<string>
  items: ReadonlySet<string>
  /** Everybody's answers changed: another model, another topology version. */
  everybody: 'model' | 'version' | null
}

export interface Changes {
  /** Returns how to stop. The sets are valid during the call only. */
  subscribe(listener: (touched: Touched) => void): () => void
}
