import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stop } from '../../engine/errors.ts'
import { readInstance } from '../admin/instance.ts'
import { environment } from './run-millrace.ts'

const mainFile = fileURLToPath(new URL('../main.ts', import.meta.url))
const startTimeoutMs = 60_000

export interface StartedInstance {
  url: string
  adminUrl: string
  directory: string
  child: ChildProcess
  /** What it has said so far. */
  output(): string
  kill(signal: NodeJS.Signals): Promise<void>
}

interface Test {
  teardown(work: () => Promise<void> | void): void
}

export function newDirectory(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** A real `millrace start` on free ports; ended with the test. */
export async function startInstance(
  t: Test,
  args: string[] = [],
  directory = newDirectory(t)
): Promise<StartedInstance> {
  const instance = await startProcess(directory, args)
  t.teardown(() => instance.kill('SIGKILL'))
  return instance
}

/** The same for whoever ends it himself. */
export function startProcess(
  directory: string,
  args: string[] = [],
  runtime: Pick<StartedCommand, 'node' | 'env'> = {}
): Promise<StartedInstance> {
  return startCommand({ command: 'start', args: ['--port', '0', ...args], directory, noteIn: directory, ...runtime })
}

export interface StartedCommand {
  command: 'start' | 'stream' | 'serve'
  args: readonly string[]
  directory: string
  /** Where the process notes its addresses. */
  noteIn: string
  env?: Record<string, string>
  /** Another Node than the one that starts it. */
  node?: string
}

/** A process of its own on free ports, as soon as it has said where it listens. */
export async function startCommand(started: StartedCommand): Promise<StartedInstance> {
  const { command, args, directory, noteIn, env, node = process.execPath } = started
  const child = spawn(node, [mainFile, command, '--data', directory, '--admin-port', '0', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(env && { env: environment(env) })
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const exited = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const kill = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    await exited
  }
  const until = performance.now() + startTimeoutMs
  for (;;) {
    const instance = readInstance(noteIn)
    if (instance && instance.pid === child.pid) {
      return { url: instance.url, adminUrl: instance.admin_url, directory, child, output: () => output, kill }
    }
    if (child.exitCode !== null || performance.now() > until) {
      throw stop('instance_did_not_start', `millrace ${command} did not come up: ${output}`)
    }
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
