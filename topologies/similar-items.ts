import { topology } from '../engine/index.ts'
import { pairSittings } from '../processors/pair-sittings.ts'
import { rankSimilar } from '../processors/rank-similar.ts'
import { acts, similarItems } from '../schemas/topics.ts'
import { company, pairsByItem, touchesByPerson } from './between.ts'
import { touchActed, touchesBought } from './touches.ts'

/**
 * Which items do people touch in one sitting?
 *
 * Pairing needs the last items of one *person*; counting needs all pairs of one *item*. The two halves therefore run on
 * different keys and meet in `pairs-by-item`.
 */
export const similarItemsTopology = topology('similar-items')
  .from(acts)
  .map('touched-by-person', touchActed)
  .merge(touchesBought())
  .through(touchesByPerson)
  .process(pairSittings())
  .through(pairsByItem)
  .process(rankSimilar())
  .to(similarItems)
  .to(company)
