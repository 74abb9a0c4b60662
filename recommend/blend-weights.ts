import { type Source, sources } from './sources.ts'

/**
 * How much each source counts, per surface; each row sums to 1, so that a score is at most 1. Fixed by judgement until
 * weights are learned: behaviour in this visit first, then what is known of the person, then the shop as a whole.
 */
export const blendWeights = {
  home: weights({
    co_viewed: 0.3,
    viewed_then_bought: 0.12,
    bought_together: 0.1,
    affinity_category: 0.1,
    affinity_brand: 0.05,
    affinity_price_band: 0.02,
    recently_viewed: 0.06,
    similar_content: 0.08,
    popular_in_category: 0.03,
    trending: 0.06,
    popular: 0.06,
    new_arrival: 0.02
  }),
  product: weights({
    co_viewed: 0.4,
    viewed_then_bought: 0.18,
    bought_together: 0.14,
    affinity_category: 0.02,
    affinity_brand: 0.02,
    affinity_price_band: 0.01,
    similar_content: 0.15,
    popular_in_category: 0.06,
    popular: 0.02
  }),
  cart: weights({
    co_viewed: 0.08,
    viewed_then_bought: 0.14,
    bought_together: 0.56,
    affinity_category: 0.04,
    affinity_brand: 0.03,
    recently_viewed: 0.04,
    similar_content: 0.01,
    popular_in_category: 0.03,
    trending: 0.02,
    popular: 0.05
  }),
  email: weights({
    co_viewed: 0.22,
    viewed_then_bought: 0.14,
    bought_together: 0.16,
    affinity_category: 0.14,
    affinity_brand: 0.07,
    affinity_price_band: 0.02,
    recently_viewed: 0.08,
    similar_content: 0.05,
    trending: 0.04,
    popular: 0.04,
    new_arrival: 0.04
  }),
  /** `GET /v1/products/{id}/similar` */
  similar: weights({
    co_viewed: 0.6,
    viewed_then_bought: 0.16,
    bought_together: 0.02,
    similar_content: 0.15,
    popular_in_category: 0.05,
    popular: 0.02
  }),
  /** `GET /v1/products/{id}/bought-together` */
  bought_together: weights({
    co_viewed: 0.08,
    viewed_then_bought: 0.14,
    bought_together: 0.65,
    similar_content: 0.06,
    popular_in_category: 0.05,
    popular: 0.02
  })
} as const
export type Blend = keyof typeof blendWeights

/**
 * Where the session index has found what comes next in the visit. On home and product pages its order is that of the
 * list, and the other sources only follow; on a cart it counts beside them.
 */
export const weightsWithIndex = {
  home: withSource(blendWeights.home, 'next_item', 1),
  product: withSource(blendWeights.product, 'next_item', 1),
  cart: withSource(blendWeights.cart, 'next_item', 0.3).map(weight => weight / 1.3)
}
/** Where it is known what a customer may order, that alone orders an e-mail. */
export const weightsWithBasket = withSource(blendWeights.email, 'next_basket', 1)
export type IndexedBlend = keyof typeof weightsWithIndex

export const isIndexed = (blend: Blend): blend is IndexedBlend => blend in weightsWithIndex

function withSource(others: Float64Array, name: Source, weight: number): Float64Array {
  const all = others.slice()
  all[sources.indexOf(name)] = weight
  return all
}

function weights(given: Partial<Record<Source, number>>): Float64Array {
  return Float64Array.from(sources, name => given[name] ?? 0)
}
