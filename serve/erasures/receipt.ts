import type { ErasureProgress, ErasureReceipt } from '../../schemas/erasure.ts'
import type { ErasedHere } from '../visits/erasing-visits.ts'

/** Where the records that everything was made from are, and whether they are rewritten without the person. */
export interface Kept {
  log: 'embedded' | 'kafka'
}

interface Known {
  erasureId: string
  progress: ErasureProgress
  kept: Kept
  /** Undefined where this process was started since, or has nothing to tell yet. */
  erased: ErasedHere | undefined
  isIndexDone: boolean
}

type Place = ErasureReceipt['places'][number]

/** Place by place, in the order in which they forget. */
export function receiptOf({ erasureId, progress, kept, erased, isIndexDone }: Known): ErasureReceipt {
  const { found, done } = progress
  const isDone = done >= found
  const ids = `${found} ${found === 1 ? 'id' : 'ids'}`
  const visits = erased ? `${erased.visits} ${erased.visits === 1 ? 'visit' : 'visits'} taken out` : 'taken out'
  const state = (isThere: boolean) => (isThere ? 'done' : 'running') as Place['state']
  const places: Place[] = [
    { place: 'profile', state: state(isDone), detail: `Features, visits and links, under ${ids}; ${done} forgotten.` },
    {
      place: 'counts',
      state: state(isDone),
      detail: 'Popularity, similar items, bought together and baskets are subtracted within a few commits.'
    },
    {
      place: 'session-index',
      state: state(isDone && isIndexDone),
      detail: `Of this server: ${isIndexDone && isDone ? visits : 'not yet taken out'}; its snapshot is rewritten.`
    },
    {
      place: 'learned-weights',
      state: 'next_replay',
      detail: 'A few hundred numbers over all visitors keep a trace.'
    },
    { place: 'tables', state: 'kept', detail: 'Rows of users and orders are their owner’s: delete them there.' },
    logPlace(kept)
  ]
  return {
    erasure_id: erasureId,
    state: isDone && isIndexDone ? 'done' : 'running',
    requested_at: new Date(progress.requested_at).toISOString(),
    until: new Date(progress.until).toISOString(),
    places
  }
}

function logPlace({ log }: Kept): Place {
  const detail =
    log === 'kafka'
      ? 'The records themselves stay until the retention of their topics; Kafka deletes no single record.'
      : 'The records themselves stay in the directory; nothing is made from them any more.'
  return { place: 'log', state: 'kept', detail }
}
