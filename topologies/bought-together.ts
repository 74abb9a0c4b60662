import { topology } from '../engine/index.ts'
import { compareBaskets } from '../processors/compare-baskets.ts'
import { pairBasket } from '../processors/pair-basket.ts'
import { rankBoughtTogether } from '../processors/rank-bought-together.ts'
import { baskets, boughtTogether } from '../schemas/topics.ts'
import { basketsByItem } from './between.ts'

/**
 * What goes into one basket?
 *
 * A basket is told to each of its items once, with all its companions. What changed in a basket corrects what it was
 * counted as before.
 */
export const boughtTogetherTopology = topology('bought-together')
  .from(baskets)
  .process(compareBaskets())
  .map('pair-basket', ({ value }) => pairBasket(value))
  .through(basketsByItem)
  .process(rankBoughtTogether())
  .to(boughtTogether)
