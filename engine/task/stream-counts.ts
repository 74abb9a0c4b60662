import type { StreamCounts } from '../ports/stream-messages.ts'
import type { CacheBudget } from '../state/cache-budget.ts'
import type { InputMerger } from './inputs.ts'
import type { StreamStats } from './processing.ts'

interface Counted {
  readonly stats: StreamStats
  readonly merger: Pick<InputMerger, 'inputs'>
  readonly budget: Pick<CacheBudget, 'bytes'>
}

/** What a stream has done since its start, in a form that crosses threads. */
export function countsOf({ stats, merger, budget }: Counted): StreamCounts {
  const { processed, deadLetters, ...counts } = stats
  return {
    ...counts,
    processed: [...processed],
    deadLetters: [...deadLetters],
    lag: merger.inputs.map(({ source, partition, lag }) => [source.log, partition, lag]),
    cacheBytes: budget.bytes
  }
}
