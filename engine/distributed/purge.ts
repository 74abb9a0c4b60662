import type { StreamCluster } from '../ports/cluster.ts'
import type { WorkerTask } from './task-set.ts'

const suffix = '-repartition'

export interface PurgeOptions {
  cluster: StreamCluster
  tasks: () => readonly WorkerTask[]
  intervalMs: number
  onTrouble: (error: unknown) => void
}

/**
 * Deletes what every reader of a repartition topic is past: such topics have no retention of their own (KIP-284). Beside
 * the work, which neither waits for it nor fails with it.
 */
export class Purge {
  readonly #options: PurgeOptions
  readonly #purged = new Map<string, number>()
  #isRunning = false
  #nextMs = 0

  constructor(options: PurgeOptions) {
    this.#options = options
  }

  ifDue(): void {
    const { intervalMs, onTrouble } = this.#options
    const now = performance.now()
    if (this.#isRunning || now < this.#nextMs) return
    this.#nextMs = now + intervalMs
    this.#isRunning = true
    this.#purge()
      .catch(onTrouble)
      .finally(() => {
        this.#isRunning = false
      })
  }

  async #purge(): Promise<void> {
    const { cluster, tasks } = this.#options
    const before = tasks()
      .flatMap(({ inputs }) => inputs)
      .filter(({ source }) => source.log.endsWith(suffix))
      .map(({ source, partition, committed }) => ({ topic: source.log, partition, offset: committed }))
      .filter(({ topic, partition, offset }) => offset > (this.#purged.get(`${partition} ${topic}`) ?? 0))
    if (before.length === 0) return
    await cluster.deleteRecords(before)
    for (const { topic, partition, offset } of before) this.#purged.set(`${partition} ${topic}`, offset)
  }
}
