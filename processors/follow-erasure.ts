import { jsonCodec, processor, value } from '../engine/index.ts'
import type { Erasure, ErasureProgress } from '../schemas/erasure.ts'
import type { ErasureId } from '../schemas/ids.ts'

/** A session or device was found to be the erased person's, or one of the ids is forgotten. Key: the erasure. */
export interface ErasureStep {
  is: 'found' | 'done'
}

const state = { progress: value(jsonCodec<Pick<ErasureProgress, 'found' | 'done'> & { erasure: Erasure | null }>()) }

/** How far an erasure is: to how many ids it has gone, and in how many of them everything is forgotten. */
export function followErasure() {
  return processor<ErasureId, Erasure | ErasureStep, never, never, ErasureProgress, typeof state>({
    name: 'follow-erasure',
    state,
    process({ value: told }, { progress }) {
      // The user's own id comes with the request.
      const known = progress.get() ?? { erasure: null, found: 1, done: 0 }
      if ('is' in told) known[told.is]++
      else known.erasure = told
      progress.set(known)
    },
    view(_, { progress }) {
      const { erasure, found, done } = progress.get() ?? { erasure: null, found: 0, done: 0 }
      return erasure && { requested_at: erasure.requested_at, until: erasure.until, found, done }
    }
  })
}
