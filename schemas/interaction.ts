export const eventTypes = [
  'view',
  'click',
  'add_to_cart',
  'purchase',
  'remove_from_cart',
  'dismiss',
  'impression'
] as const
export type EventType = (typeof eventTypes)[number]

/** Scalars as they are; anything nested is kept as its JSON text. */
export type Context = Record<string, string | number | boolean | null>

/**
 * What a person did (INTERFACES 3). `ts` is epoch ms. `product_id` is absent only for `impression`, which means *seen*
 * and names a `recommendation_id` and how many leading positions were on screen (`context.seen`).
 */
export interface Interaction {
  event_id: string
  user_id: string | null
  session_id: string | null
  event_type: EventType
  product_id: string | null
  ts: number
  context: Context
}

/** Key of its record: `user_id`, else `session_id`, so that a person's events stay in order. */
export function interactionKey({ user_id, session_id }: Pick<Interaction, 'user_id' | 'session_id'>): string | null {
  return user_id ?? session_id
}
