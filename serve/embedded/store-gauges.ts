import type { StoreSize } from '../../engine/ports/stream-messages.ts'
import type { Metrics } from '../metrics.ts'

/** Keys and bytes by store, of all threads together: each has partitions of its own. */
export class StoreGauges {
  readonly #metrics: Pick<Metrics, 'set'>
  readonly #sizes = new Map<string, Map<object, { keys: number; bytes: number }>>()

  constructor(metrics: Pick<Metrics, 'set'>) {
    this.#metrics = metrics
  }

  /** `thread` is whatever stands for the one that has counted. */
  report(thread: object, sizes: readonly StoreSize[]): void {
    for (const [store, keys, bytes] of sizes) {
      const ofThreads = this.#sizes.get(store) ?? new Map()
      this.#sizes.set(store, ofThreads.set(thread, { keys, bytes }))
      let allKeys = 0
      let allBytes = 0
      for (const size of ofThreads.values()) {
        allKeys += size.keys
        allBytes += size.bytes
      }
      this.#metrics.set('millrace_store_keys', allKeys, [store])
      this.#metrics.set('millrace_store_bytes', allBytes, [store])
    }
  }
}
