import type { StoreReader } from '../../engine/stores/state-store.ts'
import { viewRowKey } from '../../engine/task/views.ts'

const pageMax = { rows: 1000, bytes: 4 << 20 }
const idBytes = 2

/** Reads a view in order of its keys, page by page; each page as the store stands when it is read. */
export class ViewPages {
  readonly #store: StoreReader
  readonly #end: Buffer
  #from: Buffer

  constructor(store: StoreReader, viewId: number) {
    this.#store = store
    this.#from = viewRowKey(viewId, '')
    this.#end = viewRowKey(viewId + 1, '')
  }

  /** At most so many rows, and no more once they have so many bytes; none: that was all. */
  next({ rows: limit, bytes: bytesMax }: { rows: number; bytes: number }): [key: string, value: Buffer][] {
    const rows = this.#store.range('views', { gte: this.#from, lt: this.#end, limit, bytesMax })
    if (rows.length === 0) return []
    // The next key there can be.
    this.#from = Buffer.concat([rows[rows.length - 1][0], Buffer.from([0])])
    return rows.map(([key, value]) => [key.toString('utf8', idBytes), value])
  }
}

/** Every row of a view in order of its keys, read in pages of at most 4 MB. */
export function scanView(store: StoreReader, viewId: number, visit: (key: string, value: Buffer) => void): void {
  const pages = new ViewPages(store, viewId)
  for (let rows = pages.next(pageMax); rows.length > 0; rows = pages.next(pageMax)) {
    for (const [key, value] of rows) visit(key, value)
  }
}
