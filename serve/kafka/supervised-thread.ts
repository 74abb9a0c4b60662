import type { Worker } from 'node:worker_threads'
import { MillraceError, messageOf } from '../../engine/errors.ts'
import type { WorkerEvent, WorkerOrder } from './worker-messages.ts'

export interface SupervisedThreadOptions {
  start: () => Worker
  onEvent: (event: WorkerEvent) => void
  /** A human must act. */
  onFatal: (error: MillraceError) => void
  /** It may pass by itself: the thread is started again as if it had died. Default: no. */
  mayMend?: (error: MillraceError) => boolean
  onDied: (error: unknown, pauseMs: number) => void
  backOff?: { initialMs: number; maxMs: number; forgottenAfterMs: number }
}

const backOffDefault = { initialMs: 1_000, maxMs: 30_000, forgottenAfterMs: 60_000 }
const endTimeoutMs = 25_000

/** A stream thread that is started again when it dies: for the log it was killed, and goes on from what was committed. */
export class SupervisedThread {
  readonly #options: Required<SupervisedThreadOptions>
  #worker: Worker | null = null
  #isEnding = false
  #failures = 0
  #timer: NodeJS.Timeout | undefined
  #exited: Promise<void> = Promise.resolve()

  constructor(options: SupervisedThreadOptions) {
    this.#options = { backOff: backOffDefault, mayMend: () => false, ...options }
  }

  start(): void {
    const startedMs = performance.now()
    const worker = this.#options.start()
    this.#worker = worker
    let failure: unknown
    let isFatal = false
    worker.on('message', (event: WorkerEvent) => {
      if (event.type === 'fatal') {
        const error = new MillraceError(event.code, 'stop', event.message)
        isFatal = !this.#options.mayMend(error)
        failure = error
        if (isFatal) this.#options.onFatal(error)
      } else this.#options.onEvent(event)
    })
    worker.once('error', error => {
      failure = error
    })
    this.#exited = new Promise(resolve =>
      worker.once('exit', () => {
        this.#worker = null
        resolve()
        if (!this.#isEnding && !isFatal) this.#again(failure, performance.now() - startedMs)
      })
    )
  }

  /** Within 25 s; a thread that takes longer is killed, which costs nothing that was committed. */
  async end(order: WorkerOrder['type']): Promise<void> {
    this.#isEnding = true
    clearTimeout(this.#timer)
    const worker = this.#worker
    if (!worker) return
    worker.postMessage({ type: order } satisfies WorkerOrder)
    const timer = setTimeout(() => void worker.terminate(), endTimeoutMs)
    await this.#exited
    clearTimeout(timer)
  }

  #again(failure: unknown, livedMs: number): void {
    const { backOff, onDied } = this.#options
    if (livedMs > backOff.forgottenAfterMs) this.#failures = 0
    const pauseMs = Math.min(backOff.maxMs, backOff.initialMs * 2 ** this.#failures++)
    onDied(failure ?? 'it ended by itself', pauseMs)
    this.#timer = setTimeout(() => this.start(), pauseMs)
  }
}

export function reasonOf(error: unknown): string {
  const { code } = error as { code?: string }
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return 'it needed more memory than stream.memory_max_mb leaves it'
  return messageOf(error)
}
