import type { ReasonCode } from '../schemas/http.ts'

/** Where candidates come from. The order is that of the columns of a `CandidateSet`. */
export const sources = [
  'next_item',
  'next_basket',
  'co_viewed',
  'viewed_then_bought',
  'bought_together',
  'affinity_category',
  'affinity_brand',
  'affinity_price_band',
  'recently_viewed',
  'similar_content',
  'popular_in_category',
  'trending',
  'popular',
  'new_arrival'
] as const
export type Source = (typeof sources)[number]

/** The number of each source. */
export const source = Object.fromEntries(sources.map((name, number) => [name, number])) as Record<Source, number>

/** Sources below this number speak of this person, session or item; the others of the shop: an answer of those alone is a fallback. */
export const ownSources: number = source.popular_in_category

/** What a source's seed is the number of, and the reason it stands for. */
export const meanings: readonly { reason: ReasonCode; seed: 'item' | 'category' | 'brand' | null }[] = [
  { reason: 'similar_to_viewed', seed: 'item' },
  { reason: 'bought_together', seed: 'item' },
  { reason: 'similar_to_viewed', seed: 'item' },
  { reason: 'viewed_then_bought', seed: 'item' },
  { reason: 'bought_together', seed: 'item' },
  { reason: 'because_of_affinity', seed: 'category' },
  { reason: 'because_of_affinity', seed: 'brand' },
  { reason: 'because_of_affinity', seed: null },
  { reason: 'recently_viewed', seed: 'item' },
  { reason: 'similar_content', seed: 'item' },
  { reason: 'popular_in_category', seed: 'category' },
  { reason: 'trending', seed: null },
  { reason: 'popular', seed: null },
  { reason: 'new_arrival', seed: null }
]
