import type { KeptBasket } from './basket-log.ts'

/** Of baskets in order of time, those of after a time, in seconds. */
export function ordersSince(baskets: readonly KeptBasket[], sinceS: number): readonly KeptBasket[] {
  let first = baskets.length
  if (first === 0 || baskets[0].timeS > sinceS) return baskets
  while (first > 0 && baskets[first - 1].timeS > sinceS) first--
  return baskets.slice(first)
}
