import type { Column, WriteBatch } from '../stores/state-store.ts'

/** Told of every row of state as it is put or deleted; keys and values are valid during the call only. */
export type OnStateRow = (storeId: number, partition: number, key: Uint8Array, value: Uint8Array | null) => void

const prefixBytes = 4

/** A batch that also says what is written to `state`, so that the same rows go to the changelogs. */
export class CapturingBatch implements WriteBatch {
  readonly #batch: WriteBatch
  readonly #onStateRow: OnStateRow

  constructor(batch: WriteBatch, onStateRow: OnStateRow) {
    this.#batch = batch
    this.#onStateRow = onStateRow
  }

  put(column: Column, key: Uint8Array, value: Uint8Array): void {
    this.#batch.put(column, key, value)
    if (column === 'state') this.#tell(key, value)
  }

  delete(column: Column, key: Uint8Array): void {
    this.#batch.delete(column, key)
    if (column === 'state') this.#tell(key, null)
  }

  touched(column: Column): boolean {
    return this.#batch.touched(column)
  }

  get count(): number {
    return this.#batch.count
  }

  get bytes(): number {
    return this.#batch.bytes
  }

  #tell(key: Uint8Array, value: Uint8Array | null): void {
    const storeId = (key[0] << 8) | key[1]
    const partition = (key[2] << 8) | key[3]
    this.#onStateRow(storeId, partition, key.subarray(prefixBytes), value)
  }
}
