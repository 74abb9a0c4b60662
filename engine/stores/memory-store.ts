import { SortedRows } from './sorted-rows.ts'
import type { Column, Range, StateStore, WriteBatch } from './state-store.ts'

const rowsDefault = 1000

/** A `StateStore` in memory: test drivers run on it, and nothing survives it. */
export class MemoryStore implements StateStore {
  #rows: Record<Column, SortedRows> = {
    meta: new SortedRows(),
    log: new SortedRows(),
    state: new SortedRows(),
    views: new SortedRows()
  }
  #bytes = 0

  getMany(column: Column, keys: readonly Uint8Array[]): (Buffer | undefined)[] {
    const rows = this.#rows[column]
    return keys.map(key => rows.get(textOf(key)))
  }

  range(column: Column, { gte, lt, limit = rowsDefault, bytesMax = Infinity, reverse }: Range): [Buffer, Buffer][] {
    const found: [Buffer, Buffer][] = []
    const from = textOf(gte)
    const to = textOf(lt)
    if (limit < 1 || from >= to) return found
    let bytes = 0
    const rows = this.#rows[column]
    for (const [key, value] of reverse ? rows.backward(from, to) : rows.forward(from, to)) {
      found.push([Buffer.from(key, 'latin1'), value])
      bytes += key.length + value.length
      if (found.length >= limit || bytes >= bytesMax) break
    }
    return found
  }

  batch(): MemoryBatch {
    return new MemoryBatch()
  }

  write(batch: WriteBatch, _options?: { sync?: boolean }): void {
    for (const { column, key, value } of (batch as MemoryBatch).takeRows()) this.#set(column, key, value)
  }

  clear(column: Column, { gte, lt }: { gte: Uint8Array; lt: Uint8Array }): void {
    const keys = Array.from(this.#rows[column].forward(textOf(gte), textOf(lt)), ([key]) => key)
    for (const key of keys) this.#set(column, key, null)
  }

  bytesOnDisk(): number {
    return this.#bytes
  }

  async close(): Promise<void> {}

  #set(column: Column, key: string, value: Buffer | null): void {
    const rows = this.#rows[column]
    const old = rows.get(key)
    if (old) this.#bytes -= key.length + old.length
    if (value === null) {
      rows.delete(key)
      return
    }
    rows.set(key, value)
    this.#bytes += key.length + value.length
  }
}

class MemoryBatch implements WriteBatch {
  #rows: { column: Column; key: string; value: Buffer | null }[] = []
  #touched = new Set<Column>()
  bytes = 0

  get count(): number {
    return this.#rows.length
  }

  touched(column: Column): boolean {
    return this.#touched.has(column)
  }

  put(column: Column, key: Uint8Array, value: Uint8Array): void {
    this.#touched.add(column)
    this.#rows.push({ column, key: textOf(key), value: Buffer.from(value) })
    this.bytes += key.length + value.length
  }

  delete(column: Column, key: Uint8Array): void {
    this.#touched.add(column)
    this.#rows.push({ column, key: textOf(key), value: null })
    this.bytes += key.length
  }

  takeRows() {
    const rows = this.#rows
    this.#rows = []
    return rows
  }
}

function textOf(key: Uint8Array): string {
  return Buffer.isBuffer(key)
    ? key.latin1Slice()
    : Buffer.from(key.buffer, key.byteOffset, key.byteLength).latin1Slice()
}
