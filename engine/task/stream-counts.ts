import { StoreWalk } from '../inspect/store-walk.ts'
import { onGcPauses } from '../ports/gc-pauses.ts'
import type { StreamCounts } from '../ports/stream-messages.ts'
import type { CacheBudget } from '../state/cache-budget.ts'
import type { StoreReader } from '../stores/state-store.ts'
import type { InputMerger } from './inputs.ts'
import type { StreamStats } from './processing.ts'

interface Counted {
  readonly stats: StreamStats
  readonly merger: Pick<InputMerger, 'inputs'>
  readonly budget: Pick<CacheBudget, 'bytes'>
}

/** Puts together, about once a second, what a stream thread has done since its start, in a form that crosses threads. */
export class StreamCounter {
  readonly #walk: StoreWalk
  #gcPauses = 0

  constructor(store: StoreReader) {
    this.#walk = new StoreWalk(store)
    onGcPauses(count => {
      this.#gcPauses += count
    })
  }

  /** Walks over one more page of the store. */
  countsOf({ stats, merger, budget }: Counted): StreamCounts {
    const { processed, deadLetters, ...counts } = stats
    return {
      ...counts,
      processed: [...processed],
      deadLetters: [...deadLetters],
      lag: merger.inputs.flatMap(lagOf),
      cacheBytes: budget.bytes,
      gcPauses: this.#gcPauses,
      sizes: this.#walk.next()
    }
  }
}

/** For each topology that reads the input; ticks, which no topology reads, are left out. */
function lagOf({ source, partition, lag }: InputMerger['inputs'][number]): StreamCounts['lag'] {
  const topologies = new Set(source.readers.map(({ topology }) => topology))
  return [...topologies].map(topology => [topology, source.log, partition, lag])
}
