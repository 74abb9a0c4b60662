import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const entry = fileURLToPath(new URL('../main.ts', import.meta.url))

export interface Ran {
  code: number | null
  stdout: string
  stderr: string
}

/** Without variables of whoever runs the tests. */
export function environment(more: Record<string, string> = {}): Record<string, string> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('MILLRACE_') && name !== 'FORCE_COLOR')
  return { ...(Object.fromEntries(own) as Record<string, string>), ...more }
}

/** The command line as people meet it: a process of its own. */
export function startMillrace(args: readonly string[], options: { cwd: string; env?: Record<string, string> }) {
  return spawn(process.execPath, [entry, ...args], { cwd: options.cwd, env: environment(options.env) })
}

export async function runMillrace(
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string>; input?: string | Buffer }
): Promise<Ran> {
  const child = startMillrace(args, options)
  const ran: Ran = { code: null, stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', text => {
    ran.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    ran.stderr += text
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input ?? '')
  ran.code = await new Promise(resolve => child.once('close', resolve))
  return ran
}
