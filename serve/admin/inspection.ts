import { inSlices, type StoreInspector } from '../../engine/ports/store-inspector.ts'
import type { Operations } from './operations.ts'

export type Inspection = Pick<Operations, 'stores' | 'get' | 'scan' | 'digest' | 'verify'>

const rowsPerTurn = 500

/**
 * The operations that look into state. `inspectorOf` is asked anew each time, for one store or for all that there are: of
 * what runs now, which changes when purchases move from events to orders.
 */
export function inspection(inspectorOf: (store?: string) => StoreInspector | Promise<StoreInspector>): Inspection {
  return {
    async *stores({ sizes }) {
      const inspector = await inspectorOf()
      for (const info of inspector.stores()) {
        yield sizes && info.kind !== 'unknown' ? { ...info, ...(await inSlices(inspector.size(info.store))) } : info
      }
    },
    async *get({ store, key }) {
      const entry = (await inspectorOf(store)).get(store, key)
      if (entry) yield entry
    },
    async *scan({ store, prefix, limit }) {
      yield* inTurns(upTo(limit, (await inspectorOf(store)).scan(store, prefix)))
    },
    async *digest({ store }) {
      yield* await inSlices((await inspectorOf(store)).digest(store))
    },
    async *verify() {
      yield* await inSlices((await inspectorOf()).verify())
    }
  }
}

function* upTo<T>(limit: number, rows: Iterable<T>): Generator<T> {
  let left = limit
  if (left <= 0) return
  for (const row of rows) {
    yield row
    if (--left <= 0) return
  }
}

/** Others have a turn between groups of rows. */
export async function* inTurns<T>(rows: Iterable<T>): AsyncGenerator<T> {
  let count = 0
  for (const row of rows) {
    yield row
    if (++count % rowsPerTurn === 0) await new Promise(resolve => setImmediate(resolve))
  }
}
