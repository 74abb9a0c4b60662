import { topology } from '../engine/index.ts'
import { learnBasket } from '../processors/learn-basket.ts'
import { basket, basketSteps } from '../schemas/topics.ts'

/**
 * What will a customer order next?
 *
 * `basket-steps` has one partition, so one learner reads every basket in one order, as `blend` reads steps: a replay learns
 * the same, bit for bit. The version of what was learned is an offset.
 */
export const basketTopology = topology('basket').from(basketSteps).process(learnBasket()).to(basket)
