import { ByteReader, ByteWriter } from '../bytes.ts'
import { readVersioned, writeVersioned } from '../codec.ts'
import type { TableState } from '../processor.ts'
import type { StoreReader, WriteBatch } from '../stores/state-store.ts'
import { Entry, type Layout } from './entry.ts'
import type { StateKeys } from './state-keys.ts'
import { memoryBytes } from './whole-values.ts'

const rowsPerRead = 1_000
const writer = new ByteWriter(1 << 12)

/** A table whose rows are stored one by one, behind key and NUL: `[f64 touched] value`. Only what changed is written. */
export class TableRows implements Layout {
  readonly #spec: TableState<any>
  readonly #store: StoreReader
  readonly #keys: StateKeys

  constructor(spec: TableState<any>, store: StoreReader, keys: StateKeys) {
    this.#spec = spec
    this.#store = store
    this.#keys = keys
  }

  load(keys: readonly string[]): Entry[] {
    return keys.map(key => this.#load(key))
  }

  write({ key, value, touched, changedRows, bytes }: Entry, batch: WriteBatch): number {
    for (const row of changedRows ?? []) {
      const rowKey = this.#keys.row(key, row)
      const content = value.get(row)
      if (content === undefined) {
        batch.delete('state', rowKey)
        continue
      }
      writer.reset()
      if (this.#spec.ttlMs !== undefined) writer.f64(touched)
      writeVersioned(this.#spec.codec, writer, content)
      batch.put('state', rowKey, writer.view())
    }
    return bytes
  }

  settle(entry: Entry): void {
    entry.changedRows = null
  }

  #load(key: string): Entry {
    const { codec, ttlMs } = this.#spec
    const prefix = Buffer.from(this.#keys.row(key, ''))
    const lt = Buffer.concat([prefix.subarray(0, -1), Buffer.of(1)])
    const rows = new Map<string, any>()
    let touched = Number.NEGATIVE_INFINITY
    let bytes = 0
    for (let gte: Buffer = prefix; ; ) {
      const found = this.#store.range('state', { gte, lt, limit: rowsPerRead })
      for (const [rowKey, value] of found) {
        const input = new ByteReader(value)
        if (ttlMs !== undefined) touched = Math.max(touched, input.f64())
        rows.set(rowKey.utf8Slice(prefix.length), readVersioned(codec, input))
        bytes += value.length
      }
      if (found.length < rowsPerRead) return new Entry(key, rows, touched, memoryBytes(this.#spec, bytes))
      gte = Buffer.concat([found[found.length - 1][0], Buffer.of(0)])
    }
  }
}
