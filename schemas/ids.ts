import type { Id } from '../engine/record.ts'

export type UserId = Id<'user'>
export type SessionId = Id<'session'>
export type ItemId = Id<'item'>
export type OrderId = Id<'order'>
/** `user_id`, else `session_id`: the key of the `interactions` topic. */
export type VisitorId = Id<'visitor'>
/** Who an act counts for: a user where one is known, else a session. */
export type PersonId = Id<'person'>
/** A term of a product's description, by kind and text. */
export type TermId = Id<'term'>
export type ErasureId = Id<'erasure'>
