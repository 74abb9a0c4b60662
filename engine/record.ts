/**
 * Keys are plain ids in UTF-8 with a brand for the compiler only: a stream keyed by user does not fit a processor keyed
 * by item. `type UserId = Id<'user'>`.
 */
export type Id<Brand extends string> = string & { readonly [brand]: Brand }
declare const brand: unique symbol

/** One record as a processor sees it. `timestamp` is event time in ms since 1970. */
export interface Rec<K extends string, V> {
  readonly key: K
  readonly value: V
  readonly timestamp: number
}

export type Headers = Readonly<Record<string, string>>

/**
 * Header of records that were loaded in bulk (`millrace load`, the demo, a backfill): history is never late, whatever
 * live traffic has done to stream time meanwhile. The value is the name of the load.
 */
export const historyHeader = 'millrace.history'
