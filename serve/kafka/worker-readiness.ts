import type { Readiness } from '../ports.ts'
import type { WorkerEvent } from './worker-messages.ts'

interface ThreadState {
  /** null: it has none yet. */
  tasks: number | null
  restoring: Map<string, { restored: number; left: number }>
}

/** How far the threads of a process are: ready when each of them runs its tasks, their state restored. */
export class WorkerReadiness {
  readonly #threads: ThreadState[]

  constructor(threads: number) {
    this.#threads = Array.from({ length: threads }, () => ({ tasks: null, restoring: new Map() }))
  }

  hear(thread: number, event: WorkerEvent): void {
    const state = this.#threads[thread]
    if (event.type === 'tasks') {
      state.tasks = event.tasks.length
      state.restoring.clear()
    } else if (event.type === 'restore') {
      for (const [topic, partition, restored, left] of event.progress)
        state.restoring.set(`${topic} ${partition}`, { restored, left })
    }
  }

  /** The thread has died, or starts over. */
  lost(thread: number): void {
    this.#threads[thread] = { tasks: null, restoring: new Map() }
  }

  ready(): Readiness {
    const waiting = this.#threads.filter(({ tasks }) => tasks === null).length
    const restores = this.#threads.flatMap(({ restoring }) => [...restoring.values()])
    const left = restores.reduce((sum, one) => sum + one.left, 0)
    if (left > 0) {
      const open = restores.filter(one => one.left > 0).length
      const restored = restores.reduce((sum, one) => sum + one.restored, 0)
      const detail = `restoring state: ${restored} records read of ${open} changelog partitions, at most ${left} to come`
      return { ready: false, detail }
    }
    if (waiting > 0) {
      return { ready: false, detail: `${waiting} of ${this.#threads.length} threads wait for their tasks` }
    }
    const tasks = this.#threads.reduce((sum, one) => sum + (one.tasks ?? 0), 0)
    return { ready: true, detail: `running ${tasks} tasks in ${this.#threads.length} threads` }
  }
}
