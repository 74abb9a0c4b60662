import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { ChildEvent, ChildJob } from './stream-child.ts'

const program = fileURLToPath(new URL('stream-child.ts', import.meta.url))

/** A worker process, seen by who starts, kills and freezes it. */
export class ChildWorker {
  readonly job: ChildJob
  /** Since it was last started. */
  readonly events: ChildEvent[] = []
  /** Why it ended by itself, which it never should. */
  readonly ends: string[] = []
  #child: ChildProcess | undefined
  #thawing: NodeJS.Timeout | undefined

  constructor(job: ChildJob) {
    this.job = job
  }

  start(traits: Partial<ChildJob> = {}): void {
    this.events.length = 0
    const job: ChildJob = { ...this.job, ...traits }
    const child = fork(program, [JSON.stringify(job)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    child.on('message', message => {
      const event = message as ChildEvent
      this.events.push(event)
      if (event.type === 'ended') this.ends.push(`${this.job.worker}: ${event.code}: ${event.message}`)
    })
    this.#child = child
  }

  get isRunning(): boolean {
    const child = this.#child
    return child !== undefined && child.exitCode === null && child.signalCode === null
  }

  /** Of the last assignment it was told. */
  get tasks(): readonly string[] {
    const last = this.events.findLast(event => event.type === 'tasks')
    return last?.type === 'tasks' ? last.tasks : []
  }

  /** Records read per changelog before its tasks ran. */
  get restored(): number {
    return this.events.reduce((sum, event) => sum + (event.type === 'restored' ? event.restored : 0), 0)
  }

  /** Why it went back to the committed offsets. */
  get restarts(): string[] {
    return this.events.flatMap(event => (event.type === 'restart' ? [event.code] : []))
  }

  async kill(): Promise<void> {
    clearTimeout(this.#thawing)
    await this.#end(child => child.kill('SIGKILL'))
  }

  /** Its event loop stands still for so long. */
  freeze(ms: number): void {
    this.#child?.kill('SIGSTOP')
    this.thawAfter(ms)
  }

  thawAfter(ms: number): void {
    const child = this.#child
    this.#thawing = setTimeout(() => child?.kill('SIGCONT'), ms)
  }

  /** Commits and stays a member. */
  stop(): Promise<void> {
    return this.#end(child => child.send('stop'))
  }

  /** Commits and leaves. */
  drain(): Promise<void> {
    return this.#end(child => child.send('drain'))
  }

  async exited(): Promise<void> {
    const child = this.#child
    if (child && this.isRunning) await once(child, 'exit')
  }

  async #end(how: (child: ChildProcess) => unknown): Promise<void> {
    const child = this.#child
    if (!child || !this.isRunning) return
    const exited = once(child, 'exit')
    how(child)
    const timer = setTimeout(() => child.kill('SIGKILL'), 30_000)
    await exited
    clearTimeout(timer)
  }
}

export async function until(isTrue: () => boolean | Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs
  while (!(await isTrue())) {
    if (performance.now() > end) return false
    await sleep(100)
  }
  return true
}
