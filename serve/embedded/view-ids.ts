import type { StoreReader } from '../../engine/stores/state-store.ts'

/** Looks up the number a view has in row keys, until it has one; numbers never change. */
export function viewIds(store: StoreReader, readIds: (store: StoreReader) => ReadonlyMap<string, number>) {
  let known: ReadonlyMap<string, number> = new Map()
  return (view: string): number | undefined => {
    if (!known.has(view)) known = readIds(store)
    return known.get(view)
  }
}
