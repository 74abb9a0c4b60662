import { jsonCodec, processor, value } from '../engine/index.ts'
import type { Erasure, ErasureProgress } from '../schemas/erasure.ts'
import type { ErasureId } from '../schemas/ids.ts'

/** A session or device was found to be the erased person's, or one of the ids is forgotten. Key: the erasure. */
export interface ErasureStep {
  is: 'found' | 'done'
}

type Progress = Pick<ErasureProgress, 'found' | 'done'> & { times: Pick<Erasure, 'requested_at' | 'until'> | null }

/** Names nobody. */
const state = { progress: value(jsonCodec<Progress>()) }

/** How far an erasure is: to how many ids it has gone, and in how many of them everything is forgotten. */
export function followErasure() {
  return processor<ErasureId, Erasure | ErasureStep, never, never, ErasureProgress, typeof state>({
    name: 'follow-erasure',
    state,
    process({ value: told }, { progress }) {
      // The user's own id comes with the request.
      const known = progress.get() ?? { times: null, found: 1, done: 0 }
      if ('is' in told) known[told.is]++
      else known.times = { requested_at: told.requested_at, until: told.until }
      progress.set(known)
    },
    view(_, { progress }) {
      const { times = null, found = 0, done = 0 } = progress.get() ?? {}
      return times && { ...times, found, done }
    }
  })
}
