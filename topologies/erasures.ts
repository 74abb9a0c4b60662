import { from, topology } from '../engine/index.ts'
import { type ErasureStep, followErasure } from '../processors/follow-erasure.ts'
import type { Erasure } from '../schemas/erasure.ts'
import type { ErasureId } from '../schemas/ids.ts'
import { erasureRequests, erasures } from '../schemas/topics.ts'
import { erasureSteps, stepsByErasure } from './between.ts'

/** Who asked to be forgotten, and how far is that? */
export const erasuresTopology = topology('erasures')
  .from(erasureRequests)
  .map<ErasureId, Erasure | ErasureStep>('by-erasure', ({ value }) => ({ key: value.erasure_id as ErasureId, value }))
  .merge(from(erasureSteps).map<ErasureId, Erasure | ErasureStep>('steps', ({ key, value }) => ({ key, value })))
  .through(stepsByErasure)
  .process(followErasure())
  .to(erasures)
