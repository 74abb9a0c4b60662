import { topology } from '../engine/index.ts'
import { learnBlend } from '../processors/learn-blend.ts'
import { blend, sessionSteps } from '../schemas/topics.ts'

/**
 * Which evidence tells what a visitor opens next?
 *
 * `session-steps` has one partition, so one learner reads every step in one order: a replay learns the same, bit for bit,
 * and any number of servers follow the weights that it publishes. The version of what was learned is an offset.
 */
export const blendTopology = topology('blend').from(sessionSteps).process(learnBlend()).to(blend)
