import type { StreamCluster } from '../ports/cluster.ts'
import type { WorkerTask } from './task-set.ts'

const intervalMs = 30_000
const suffix = '-repartition'

/** Deletes what every reader of a repartition topic is past: such topics have no retention of their own (KIP-284). */
export class Purge {
  readonly #cluster: StreamCluster
  readonly #tasks: () => readonly WorkerTask[]
  readonly #purged = new Map<string, number>()
  #nextMs = 0

  constructor(cluster: StreamCluster, tasks: () => readonly WorkerTask[]) {
    this.#cluster = cluster
    this.#tasks = tasks
  }

  async ifDue(): Promise<void> {
    const now = performance.now()
    if (now < this.#nextMs) return
    this.#nextMs = now + intervalMs
    const before = this.#tasks()
      .flatMap(({ inputs }) => inputs)
      .filter(({ source }) => source.log.endsWith(suffix))
      .map(({ source, partition, committed }) => ({ topic: source.log, partition, offset: committed }))
      .filter(({ topic, partition, offset }) => offset > (this.#purged.get(`${partition} ${topic}`) ?? 0))
    if (before.length === 0) return
    await this.#cluster.deleteRecords(before)
    for (const { topic, partition, offset } of before) this.#purged.set(`${partition} ${topic}`, offset)
  }
}
