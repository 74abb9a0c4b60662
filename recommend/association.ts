import type { BoughtTogether, SimilarItems } from '../schemas/views.ts'
import { decay } from './decay.ts'

/**
 * What a row of a view cannot say, since it knows only its own item: measures that set a pair against how common the
 * *other* item is. Whoever has the other rows at hand completes it here.
 */

const halfLifeMs = 7 * 86_400_000

export interface Baskets {
  /** All baskets: row `*` of `bought-together`. */
  total: number
  /** Baskets with an item; 0 = not known. */
  of(productId: string): number
}

export type Association = Required<BoughtTogether['companions'][number]>

/** Agrawal, Imieliński and Swami 1993; lift after Brin et al. 1997. Unknown companions have lift 0. */
export function associations({ baskets: own, companions }: BoughtTogether, baskets: Baskets): Association[] {
  return companions.map(companion => {
    const count = baskets.of(companion.product_id)
    const lift = count > 0 && own > 0 ? (companion.together * baskets.total) / (own * count) : 0
    return { ...companion, support: baskets.total > 0 ? companion.together / baskets.total : 0, lift }
  })
}

type Similar = SimilarItems['co_viewed'][number]

/** The same pairs with the cosine of the two items' person-days as `score`, best first; ties by id. */
export function cosines(
  row: SimilarItems,
  kind: 'co_viewed' | 'viewed_then_bought',
  rowOf: (productId: string) => Pick<SimilarItems, 'as_of' | 'weight'> | undefined
): Similar[] {
  return row[kind]
    .map(pair => {
      const other = rowOf(pair.product_id)
      if (!other || other.weight <= 0) return { ...pair, score: 0 }
      const age = other.as_of - row.as_of
      // Both totals at the later of the two times: the pair's own sum is decayed with the row's.
      const ratio =
        age >= 0
          ? (row.weight * decay(age, halfLifeMs)) / other.weight
          : row.weight / (other.weight * decay(-age, halfLifeMs))
      return { ...pair, score: Math.min(1, pair.score * Math.sqrt(ratio)) }
    })
    .sort((a, b) => b.score - a.score || (a.product_id < b.product_id ? -1 : 1))
}
