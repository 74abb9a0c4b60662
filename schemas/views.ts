/**
 * Values of the views, as topologies write and serving reads them. A value is a pure function of a processor's state:
 * decayed sums carry the time they are decayed to, and the reader decays them to its own now. Times are epoch ms.
 */

/** View `item-catalog`, key product_id; a tombstone where the product is gone. */
export interface CatalogItem {
  product_id: string
  title: string
  category: string | null
  brand: string | null
  price: number | null
  currency: string | null
  stock: number | null
  active: boolean
  /** Variants of one product share it; the product's own id where it has no variants. */
  group_id: string
  image_url: string | null
  available_in: string[] | null
  available_from: number | null
  available_until: number | null
  created_at: number | null
  updated_at: number
}

export const halfLives = { '1h': 3_600_000, '1d': 86_400_000, '7d': 7 * 86_400_000, '30d': 30 * 86_400_000 } as const

/** View `item-features`, key product_id. `[1h, 1d, 7d, 30d]` where four numbers stand together. */
export interface ItemFeatures {
  /** Decayed sums are as of this time. */
  as_of: number
  /** Persons per day touching the item, weighted by act, decayed. */
  popularity: [number, number, number, number]
  /** The same without acts that an answer of ours caused. */
  organic: [number, number, number, number]
  views: number
  clicks: number
  carts: number
  /** Baskets with the item. */
  purchases: number
  /** Units sold less returned. */
  units: number
  /** People who bought it. */
  buyers: number
  /** Share of `buyers` who bought it again on another day; null without buyers. */
  reorder_rate: number | null
  /** Popularity at 1 d over popularity at 30 d, in day-equivalents; 1 = steady. */
  trend: number
  /** Purchases over views + 1 where views are known, else null. */
  conversion: number | null
  /** Fixed logarithmic band, 0..9 (recommend/price-band.ts); null without a price. */
  price_band: number | null
  first_seen: number
  last_seen: number
}

export interface Affinity {
  name: string
  score: number
}

/** View `user-features`, key user_id. Lists are best or newest first. */
export interface UserFeatures {
  as_of: number
  /** null = unknown. */
  consent: boolean | null
  country: string | null
  categories: Affinity[]
  brands: Affinity[]
  price_bands: Affinity[]
  /** Time of the last act. */
  recency: number
  /** Acts, decayed with 30 d. */
  frequency: number
  orders: number
  /** Nothing of up to then is kept: consent was withdrawn, or the person erased; null: neither. */
  known_from: number | null
  /** Ids that were merged into this one, ≤ 8, in order; `known_from` as above. */
  others: { id: string; known_from: number | null }[]
  /** Money spent less returned. */
  monetary: number
  /** Newest first, ≤ 100. */
  seen: { product_id: string; ts: number }[]
  /** Newest first, ≤ 200. */
  bought: { product_id: string; ts: number; count: number }[]
  /** Hidden until 90 days after, ≤ 200. */
  dismissed: { product_id: string; ts: number }[]
}

/** View `sessions`, key session_id (else user_id): the recent items of a live or recent session. */
export interface SessionView {
  session: string
  user_id: string | null
  started: number
  last: number
  /** Newest last, ≤ 50, one entry per act. */
  items: { product_id: string; event_type: 'view' | 'click' | 'add_to_cart' | 'purchase'; ts: number }[]
  /** In the cart now, ≤ 50. */
  cart: string[]
  /** Dismissed in this session, ≤ 50. */
  dismissed: string[]
}

/** View `identities`, key session_id or device user id: who it belongs to. */
export interface Identity {
  user_id: string
  since: number
}

/**
 * View `similar-items`, key product_id; best first, ≤ 100 each; only pairs of ≥ 3 distinct people. A row knows its own
 * total only: the cosine needs the companion's row too (`recommend/association.ts`).
 */
export interface SimilarItems {
  /** Start of the day that sums are decayed to, half as much every 7 days. */
  as_of: number
  /** Person-days on the item, decayed. */
  weight: number
  /** `score`: share of those person-days on which the other was touched in the same sitting. `people`: 3 = 3 or more. */
  co_viewed: { product_id: string; score: number; people: number }[]
  /** The same for what was bought after the item was looked at. */
  viewed_then_bought: { product_id: string; score: number; people: number }[]
}

/** View `blend`, key `blend`: what orders the next items of a visit, learned from how visits went on. */
export interface BlendWeights {
  /** First offset of `session-steps` that they have not learned from. */
  version: number
  /** In the order of recommend/blend/weights.ts. */
  weights: number[]
  /** Checks in a row that newer weights have failed since; 0: these are the newest. */
  withheld: number
  /** Mean reciprocal rank over the last 10,000 predictions, less that of the fixed blend. */
  lead: number
}

/** View `basket`, key `basket`: what orders the next order of a customer, learned from what customers did order. */
export interface BasketWeights {
  /** First offset of `basket-steps` that they have not learned from. */
  version: number
  /** In the order of recommend/basket/basket-ranker.ts. */
  weights: number[]
  /** Checks in a row that newer weights have failed since; 0: these are the newest. */
  withheld: number
  /** Mean of 1/place of the first item ordered, over about the last 1,000 predictions, less that of the fixed weights. */
  lead: number
}

/**
 * View `bought-together`, key product_id; best first, ≤ 100; only pairs of ≥ 3 distinct people. The row `*` counts all
 * baskets. A row knows its own total only: support and lift need two others (`recommend/association.ts`).
 */
export interface BoughtTogether {
  /** Baskets with the item. */
  baskets: number
  companions: {
    product_id: string
    /** Baskets with both. */
    together: number
    /** together / baskets with the key item. */
    confidence: number
    /** 3 = 3 or more. */
    people: number
    /** Not in the view; see `associations`: together / all baskets. */
    support?: number
    /** Not in the view; see `associations`: confidence / share of baskets with the companion; > 1 = more than by chance. */
    lift?: number
  }[]
}

/** View `item-vectors`, key product_id. Vectors are signed bytes (`recommend/vectors/signed-projection.ts`). */
export interface ItemVector {
  /** null: nothing describes the item. */
  content: Buffer | null
  content_from: 'terms' | 'service'
  /** null: too few people have touched it with others. */
  behaviour: Buffer | null
  /** How much `behaviour` is worth beside content: 0, then towards 1 as people touch the item. */
  evidence: number
}

/** Topic `item-embeddings`, key product_id: what the shop's own embedding service says of an item. */
export interface ItemEmbedding {
  vector: Buffer
}
