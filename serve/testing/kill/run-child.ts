import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { stop } from '../../../engine/errors.ts'
import type { Loaded, LoadOrder } from './load-order.ts'

const childFile = fileURLToPath(new URL('./load-child.ts', import.meta.url))

export interface Life {
  /** What was killed says nothing. */
  loaded: Loaded | null
  signal: NodeJS.Signals | null
}

/** One life of a loading process; with `killAfterMs` it is killed that long after it began to load, unless it ended. */
export async function runChild(order: LoadOrder, killAfterMs?: number): Promise<Life> {
  const child = spawn(process.execPath, [childFile, JSON.stringify(order)], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let errors = ''
  let timer: NodeJS.Timeout | undefined
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (output === '' && killAfterMs !== undefined) timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs)
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>(resolve => {
    child.once('close', (...how) => resolve(how))
  })
  clearTimeout(timer)
  if (signal === 'SIGKILL') return { loaded: null, signal }
  if (code !== 0) throw stop('kill_child_failed', `The loading process ended with ${code ?? signal}: ${errors}`)
  return { loaded: JSON.parse(output.trim().split('\n').at(-1) as string) as Loaded, signal }
}

/** Lives one after the other, each killed by its own plan, until one reaches the end. */
export async function runToTheEnd(order: LoadOrder, kills: { afterMs?: number; fault?: LoadOrder['fault'] }[]) {
  let killed = 0
  for (const { afterMs, fault } of kills) {
    const { loaded, signal } = await runChild({ ...order, fault }, afterMs)
    if (loaded) return { loaded, killed }
    if (signal === 'SIGKILL') killed++
  }
  const { loaded } = await runChild({ ...order, fault: undefined })
  return { loaded: loaded as Loaded, killed }
}
