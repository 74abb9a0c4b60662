import type { Readiness } from '../ports.ts'
import type { StoppedTask, WorkerEvent } from './worker-messages.ts'

interface ThreadState {
  /** null: nobody has given it any yet. */
  tasks: number | null
  tasksRestoring: number
  stopped: readonly StoppedTask[]
  restoring: Map<string, { restored: number; left: number }>
}

/** How far the threads of a process are: ready when each of them runs its tasks, their state restored. */
export class WorkerReadiness {
  readonly #threads: ThreadState[]

  constructor(threads: number) {
    this.#threads = Array.from({ length: threads }, begun)
  }

  hear(thread: number, event: WorkerEvent): void {
    const state = this.#threads[thread]
    if (event.type === 'tasks') {
      state.tasks = event.tasks
      state.tasksRestoring = event.restoring
      state.stopped = event.stopped
      if (event.restoring === 0) state.restoring.clear()
    } else if (event.type === 'restore') {
      for (const [topic, partition, restored, left] of event.progress)
        state.restoring.set(`${topic} ${partition}`, { restored, left })
    }
  }

  /** The thread has died, or starts over. */
  lost(thread: number): void {
    this.#threads[thread] = begun()
  }

  ready(): Readiness {
    const waiting = this.#threads.filter(({ tasks }) => tasks === null).length
    if (waiting > 0) {
      return { ready: false, detail: `${waiting} of ${this.#threads.length} threads wait for their tasks` }
    }
    const restoring = this.#threads.reduce((sum, one) => sum + one.tasksRestoring, 0)
    if (restoring > 0) {
      const progress = this.#threads.flatMap(one => [...one.restoring.values()])
      const restored = progress.reduce((sum, one) => sum + one.restored, 0)
      const left = progress.reduce((sum, one) => sum + one.left, 0)
      const detail = `restoring the state of ${restoring} tasks: ${restored} changelog records read, at most ${left} to come`
      return { ready: false, detail }
    }
    const stopped = this.#threads.flatMap(one => one.stopped)
    if (stopped.length > 0) {
      const [{ task, message }] = stopped
      const waiting = stopped.length > 1 ? `and ${stopped.length - 1} more wait` : 'waits'
      return { ready: false, detail: `task ${task} ${waiting} for a human, the others run: ${message}` }
    }
    const tasks = this.#threads.reduce((sum, one) => sum + (one.tasks ?? 0), 0)
    return { ready: true, detail: `running ${tasks} tasks in ${this.#threads.length} threads` }
  }
}

function begun(): ThreadState {
  return { tasks: null, tasksRestoring: 0, stopped: [], restoring: new Map() }
}
