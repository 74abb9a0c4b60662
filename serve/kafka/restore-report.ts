import type { Metrics } from '../metrics.ts'
import type { WorkerEvent } from './worker-messages.ts'

type Progress = Extract<WorkerEvent, { type: 'restore' }>['progress']

const lineEveryMs = 2_000

/** Tells of restores: a line every two seconds, and a metric by changelog. */
export class RestoreReport {
  readonly #metrics: Pick<Metrics, 'set'>
  readonly #say: (line: string) => void
  readonly #byTopic = new Map<string, Map<number, { restored: number; left: number }>>()
  #saidMs = 0

  constructor({ metrics, say }: { metrics: Pick<Metrics, 'set'>; say: (line: string) => void }) {
    this.#metrics = metrics
    this.#say = say
  }

  note(progress: Progress): void {
    for (const [topic, partition, restored, left] of progress) {
      const partitions = this.#byTopic.get(topic) ?? new Map()
      this.#byTopic.set(topic, partitions.set(partition, { restored, left }))
    }
    let restored = 0
    let left = 0
    for (const [topic, partitions] of this.#byTopic) {
      const sums = { restored: 0, left: 0 }
      for (const one of partitions.values()) {
        sums.restored += one.restored
        sums.left += one.left
      }
      const all = sums.restored + sums.left
      this.#metrics.set('millrace_restore_progress_ratio', all > 0 ? sums.restored / all : 1, [topic])
      restored += sums.restored
      left += sums.left
    }
    if (left === 0 || performance.now() - this.#saidMs < lineEveryMs) return
    this.#saidMs = performance.now()
    this.#say(`restoring: ${restored} changelog records read, at most ${left} to come`)
  }

  /** A thread has tasks, and the state of all of them. */
  done(): void {
    for (const topic of this.#byTopic.keys()) this.#metrics.set('millrace_restore_progress_ratio', 1, [topic])
    const all = [...this.#byTopic.values()].flatMap(partitions => [...partitions.values()])
    const restored = all.reduce((sum, one) => sum + one.restored, 0)
    this.#byTopic.clear()
    if (restored > 0) this.#say(`restored: ${restored} changelog records were read`)
  }
}
