import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServiceName } from './manifest.ts'
import { isRunning, type OwnProcess, thisProcess } from './own-process.ts'

/** What was started, and where: `<stack>/<service>/process.json`. */
export interface ServiceNote extends OwnProcess {
  version: string
  ports: Record<string, number>
  since: string
}

export class StackDirectory {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  folderOf(service: ServiceName): string {
    return join(this.path, service)
  }

  logOf(service: ServiceName): string {
    return join(this.path, service, 'output.log')
  }

  /** A new folder for what it writes; what it said before is kept once. */
  make(service: ServiceName): void {
    mkdirSync(this.folderOf(service), { recursive: true })
    const log = this.logOf(service)
    if (existsSync(log)) renameSync(log, log.replace(/\.log$/, '.1.log'))
  }

  /** Commands that start or end servers here follow one another. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    mkdirSync(this.path, { recursive: true })
    // It may lie in a clone of anything.
    writeFileSync(join(this.path, '.gitignore'), '*\n')
    const claim = join(this.path, 'claim.json')
    while (!claimed(claim)) {
      const holder = read<OwnProcess>(claim)
      if (!holder || !isRunning(holder)) rmSync(claim, { force: true })
      else await sleep(200)
    }
    try {
      return await work()
    } finally {
      rmSync(claim, { force: true })
    }
  }

  /** Of a process that runs; a note of one that does not is nothing. */
  running(service: ServiceName): ServiceNote | undefined {
    const note = this.#read(service)
    return note && isRunning(note) ? note : undefined
  }

  /** It was started and has ended by itself. */
  isDead(service: ServiceName): boolean {
    const note = this.#read(service)
    return note !== undefined && !isRunning(note)
  }

  write(service: ServiceName, note: ServiceNote): void {
    writeFileSync(`${this.#noteOf(service)}.part`, JSON.stringify(note))
    renameSync(`${this.#noteOf(service)}.part`, this.#noteOf(service))
  }

  forget(service: ServiceName): void {
    rmSync(this.#noteOf(service), { force: true })
  }

  wipe(service: ServiceName): void {
    rmSync(this.folderOf(service), { recursive: true, force: true, maxRetries: 5 })
  }

  #read(service: ServiceName): ServiceNote | undefined {
    return read(this.#noteOf(service))
  }

  #noteOf(service: ServiceName): string {
    return join(this.folderOf(service), 'process.json')
  }
}

function claimed(path: string): boolean {
  try {
    writeFileSync(path, JSON.stringify(thisProcess()), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function read<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T
  } catch {
    return undefined // There is none, or its writer was killed: then nothing of it is known.
  }
}
