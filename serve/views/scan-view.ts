import type { StoreReader } from '../../engine/stores/state-store.ts'
import { viewRowKey } from '../../engine/task/views.ts'

const rowsPerRead = 1000
const bytesPerRead = 4 << 20
const idBytes = 2

/** Every row of a view in order of its keys, read in pages of at most 4 MB. */
export function scanView(store: StoreReader, viewId: number, visit: (key: string, value: Buffer) => void): void {
  const lt = viewRowKey(viewId + 1, '')
  let gte = viewRowKey(viewId, '')
  for (;;) {
    const rows = store.range('views', { gte, lt, limit: rowsPerRead, bytesMax: bytesPerRead })
    if (rows.length === 0) return
    for (const [key, value] of rows) visit(key.toString('utf8', idBytes), value)
    // The next key there can be.
    gte = Buffer.concat([rows[rows.length - 1][0], Buffer.from([0])])
  }
}
