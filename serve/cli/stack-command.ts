import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import type { CommandContext } from './context.ts'
import { group, leaf, wholeNumber } from './leaf.ts'
import { print, printJson, printJsonLine, printTable, say } from './output.ts'

/** The servers of one directory (deploy/stack). */
export interface ServerStack {
  up(options: {
    names: readonly string[]
    portBase?: number
    onProgress(service: string, doing: string): void
  }): Promise<ServerState[]>
  down(options: { names: readonly string[]; wipe: boolean }): Promise<ServerState[]>
  status(names: readonly string[]): Promise<ServerState[]>
  logs(names: readonly string[]): { service: string; path: string }[]
}

export interface ServerState {
  service: string
  state: 'ready' | 'starting' | 'stopped' | 'dead' | 'skipped' | 'failed'
  version: string
  pid: number | null
  memory_mb: number | null
  address: string | null
  detail: string
}

interface StackOptions {
  dir: string
  json?: boolean
  portBase?: string
  wipe?: boolean
  lines: string
  follow?: boolean
}

const followPauseMs = 250
const followBytesMax = 1 << 20

export function addStack(program: Command, context: CommandContext): void {
  const parent = group(program, 'stack', 'the real servers on this machine, without containers')
  addUp(parent, context)
  addDown(parent, context)
  addStatus(parent, context)
  addLogs(parent, context)
}

function addUp(parent: Command, context: CommandContext): void {
  stackLeaf(parent, {
    name: 'up',
    summary: 'start Kafka, the schema registry and Redis, and wait until they are ready',
    examples: ['stack up', 'stack up kafka --port-base 19092']
  })
    .option('--port-base <port>', 'take ports in a row from here on, instead of the well-known ones')
    .action(async (names: string[], options: StackOptions) => {
      const portBase = options.portBase === undefined ? undefined : wholeNumber('--port-base', 1024)(options.portBase)
      const stack = await context.stack(options.dir)
      const states = await stack.up({ names, portBase, onProgress })
      if (states.some(({ state }) => state === 'failed')) process.exitCode = 1
      show(states, options)
    })
}

function addDown(parent: Command, context: CommandContext): void {
  stackLeaf(parent, {
    name: 'down',
    summary: 'end the servers that stack up has started',
    examples: ['stack down', 'stack down --wipe']
  })
    .option('--wipe', 'remove their data too')
    .action(async (names: string[], options: StackOptions) => {
      const stack = await context.stack(options.dir)
      show(await stack.down({ names, wipe: options.wipe === true }), options)
    })
}

function addStatus(parent: Command, context: CommandContext): void {
  stackLeaf(parent, {
    name: 'status',
    summary: 'which servers run, and where; exit 3 where one is not ready',
    examples: ['stack status', 'stack status kafka --json']
  }).action(async (names: string[], options: StackOptions) => {
    const states = await (await context.stack(options.dir)).status(names)
    if (states.some(({ state }) => state !== 'ready')) process.exitCode = 3
    show(states, options)
  })
}

function addLogs(parent: Command, context: CommandContext): void {
  stackLeaf(parent, {
    name: 'logs',
    summary: 'what the servers said',
    examples: ['stack logs kafka', 'stack logs --lines 200 --follow']
  })
    .option('--lines <n>', 'the last so many of each', '50')
    .option('--follow', 'go on as they say more')
    .action(async (names: string[], options: StackOptions) => {
      const linesMax = wholeNumber('--lines')(options.lines)
      const logs = (await context.stack(options.dir)).logs(names)
      if (logs.length === 0) say(`No server was started in ${options.dir}.`)
      const write = ({ service }: { service: string }, line: string) => {
        if (options.json) printJsonLine({ service, line })
        else print(logs.length > 1 ? `${service}  ${line}` : line)
      }
      for (const log of logs) for (const line of lastLines(log.path, linesMax)) write(log, line)
      if (options.follow) await Promise.all(logs.map(log => follow(log.path, line => write(log, line))))
    })
}

function stackLeaf(
  parent: Command,
  { name, summary, examples }: { name: string; summary: string; examples: string[] }
): Command {
  return leaf(parent, { usage: `${name} [services...]`, summary, examples, json: true, isApart: true }).option(
    '--dir <dir>',
    'where data, settings and output of the servers are',
    '.millrace-stack'
  )
}

function onProgress(service: string, doing: string): void {
  if (process.stderr.isTTY) say(`${service}: ${doing} …`)
}

function show(states: readonly ServerState[], { json }: StackOptions): void {
  if (json) {
    printJson(states)
    return
  }
  printTable(
    ['service', 'state', 'version', 'pid', 'mb', 'address'],
    states.map(one => [one.service, one.state, one.version, one.pid?.toString(), one.memory_mb, one.address])
  )
  for (const { service, detail } of states) if (detail !== '') say(`${service}: ${detail}`)
}

function lastLines(path: string, linesMax: number): string[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  if (lines.at(-1) === '') lines.pop()
  return linesMax === 0 ? [] : lines.slice(-linesMax)
}

/** Until the process is told to end. */
async function follow(path: string, write: (line: string) => void): Promise<never> {
  const decoder = new StringDecoder('utf8')
  let position = statSync(path).size
  let rest = ''
  for (;;) {
    await sleep(followPauseMs)
    const bytes = bytesFrom(path, position)
    position += bytes.length
    const lines = (rest + decoder.write(bytes)).split('\n')
    rest = lines.pop() as string
    for (const line of lines) write(line)
  }
}

function bytesFrom(path: string, position: number): Buffer {
  const bytes = Buffer.alloc(Math.min(Math.max(0, statSync(path).size - position), followBytesMax))
  const file = openSync(path, 'r')
  try {
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, position))
  } finally {
    closeSync(file)
  }
}
