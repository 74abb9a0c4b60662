import type { StreamCounts } from '../../engine/ports/stream-messages.ts'
import type { Metrics } from '../metrics.ts'
import type { StoreGauges } from './store-gauges.ts'

/** Turns the stream thread's running totals into metrics: counters grow by what is new since the last report. */
export class StreamMetrics {
  readonly #metrics: Metrics
  readonly #stores: StoreGauges
  readonly #seen = new Map<string, number>()

  constructor(metrics: Metrics, stores: StoreGauges) {
    this.#metrics = metrics
    this.#stores = stores
  }

  report(counts: StreamCounts): void {
    const { processed, deadLetters, late, duplicates, gcPauses, lag, sizes } = counts
    for (const [id, total] of processed) this.#add('millrace_records_processed_total', total, id.split(' '))
    for (const [id, total] of deadLetters) this.#add('millrace_dlq_records_total', total, id.split(' '))
    this.#add('millrace_late_records_total', late, [])
    this.#add('millrace_duplicates_total', duplicates, [])
    this.#add('millrace_gc_pauses_total', gcPauses, [])
    this.#stores.report(this, sizes)
    for (const [topology, topic, partition, records] of lag) {
      this.#metrics.set('millrace_consumer_lag_records', records, [topology, topic, String(partition)])
    }
  }

  /** The totals start from zero again: the stream thread is a new one. */
  restart(): void {
    this.#seen.clear()
  }

  #add(name: Parameters<Metrics['add']>[0], total: number, labels: string[]): void {
    const id = `${name} ${labels.join(' ')}`
    const before = this.#seen.get(id) ?? 0
    if (total <= before) return
    this.#metrics.add(name, labels, total - before)
    this.#seen.set(id, total)
  }
}
