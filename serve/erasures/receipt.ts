import type { ErasureProgress, ErasureReceipt } from '../../schemas/erasure.ts'

type Place = ErasureReceipt['places'][number]

export interface KnownOfErasure {
  erasureId: string
  progress: ErasureProgress
  /** Whatever came of forgetting these ids has been processed, and is in the views. */
  isSettled: boolean
  /** Where the records are that everything was made from. */
  log: 'embedded' | 'kafka'
  index: { isDone: boolean; detail: string }
}

/** Place by place, in the order in which they forget. */
export function receiptOf({ erasureId, progress, isSettled, log, index }: KnownOfErasure): ErasureReceipt {
  const { found, done } = progress
  const isForgotten = done >= found && isSettled
  const state = (isThere: boolean) => (isThere ? 'done' : 'running')
  const places: Place[] = [
    {
      place: 'profile',
      state: state(isForgotten),
      detail: `Features, visits, links and baskets; ${done} of the ${found} ids that were found are forgotten.`
    },
    {
      place: 'counts',
      state: state(isForgotten),
      detail: 'Popularity, similar items and what is bought together; subtracted a few commits later.'
    },
    { place: 'session-index', state: state(isForgotten && index.isDone), detail: index.detail },
    {
      place: 'learned-weights',
      state: 'next_replay',
      detail: 'A few hundred numbers over all visitors keep a trace.'
    },
    { place: 'tables', state: 'kept', detail: 'Rows of users and orders are their owner’s, to be deleted there.' },
    { place: 'log', state: 'kept', detail: logDetails[log] }
  ]
  return {
    erasure_id: erasureId,
    state: state(isForgotten && index.isDone),
    requested_at: new Date(progress.requested_at).toISOString(),
    until: new Date(progress.until).toISOString(),
    places
  }
}

const logDetails = {
  embedded: 'Raw records stay in the data directory; nothing is made of them any more.',
  kafka: 'Raw records stay until the retention of their topics: Kafka deletes no single record.'
}
