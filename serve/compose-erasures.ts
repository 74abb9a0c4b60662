import type { NewRecord } from '../engine/log/log.ts'
import { readNameIds } from '../engine/stores/name-ids.ts'
import type { StoreReader } from '../engine/stores/state-store.ts'
import { erasures } from '../schemas/topics.ts'
import { viewIds } from './embedded/view-ids.ts'
import { ErasureBook, type ErasureBookOptions } from './erasures/erasure-book.ts'
import type { KnownOfErasure } from './erasures/receipt.ts'
import { MaterialisedView } from './views/materialised-view.ts'
import type { ErasingVisits } from './visits/erasing-visits.ts'

export interface ErasuresOptions {
  /** Where the rows of the views are kept. */
  store: StoreReader
  append: (topic: string, records: NewRecord[]) => Promise<unknown>
  index: ErasingVisits
  log: KnownOfErasure['log']
  settled: ErasureBookOptions['settled']
  stepsEnd: ErasureBookOptions['stepsEnd']
}

/** Where people are forgotten, and what is said of how far that is. */
export function composeErasures({ store, ...options }: ErasuresOptions): ErasureBook {
  const rows = new MaterialisedView({
    topic: erasures,
    store,
    viewIdOf: viewIds(store, reader => readNameIds(reader, 'view')),
    prepare: row => row,
    cacheBytesMax: 0
  })
  return new ErasureBook({ ...options, progressOf: id => rows.row(id), now: Date.now })
}
