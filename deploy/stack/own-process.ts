import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { stop } from '../../engine/errors.ts'

/** A process of ours: an id alone may since belong to another, so its start is noted too. */
export interface OwnProcess {
  pid: number
  started: string
}

/** Runs on after us; what it says is appended to a file. */
export async function startDetached(
  { command, args }: { command: string; args: readonly string[] },
  at: { folder: string; logFile: string }
): Promise<OwnProcess> {
  const log = openSync(at.logFile, 'a')
  try {
    const child = spawn(command, args, { cwd: at.folder, detached: true, stdio: ['ignore', log, log] })
    await once(child, 'spawn')
    child.unref()
    const pid = child.pid as number
    return { pid, started: startOf(pid) ?? '' }
  } catch (error) {
    throw stop('stack_service_failed', `${command} cannot be started: see its cause with --verbose.`, error)
  } finally {
    closeSync(log)
  }
}

export function thisProcess(): OwnProcess {
  return { pid: process.pid, started: startOf(process.pid) ?? '' }
}

export function isRunning({ pid, started }: OwnProcess): boolean {
  return startOf(pid) === started
}

/** Asks it to end, and ends it when it has not within the time. */
export async function end(own: OwnProcess, withinMs: number): Promise<void> {
  if (!isRunning(own)) return
  process.kill(own.pid, 'SIGTERM')
  if (await isGoneWithin(own, withinMs)) return
  process.kill(own.pid, 'SIGKILL')
  await isGoneWithin(own, 5000)
}

/** Resident memory in MB; undefined where the system does not say. */
export function residentMb({ pid }: OwnProcess): number | undefined {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(textOf(`/proc/${pid}/status`) ?? '')?.[1]
  return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1024)
}

async function isGoneWithin(own: OwnProcess, withinMs: number): Promise<boolean> {
  const until = Date.now() + withinMs
  while (isRunning(own)) {
    if (Date.now() > until) return false
    await sleep(50)
  }
  return true
}

/** When a process began, comparable only with itself; undefined where there is none, or one that has ended. */
function startOf(pid: number): string | undefined {
  if (!existsSync('/proc/self/stat')) return startByPs(pid)
  const stat = textOf(`/proc/${pid}/stat`)
  if (stat === undefined) return undefined
  // proc(5): the name, in parentheses, may hold anything; state is the field behind it, the start the 20th behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields[0] === 'Z') return undefined
  return `${textOf('/proc/sys/kernel/random/boot_id')?.trim()} ${fields[19]}`
}

function startByPs(pid: number): string | undefined {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined
  } catch {
    return undefined // There is no such process.
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined // There is no such process.
  }
}
