import { type Command, Option } from 'commander'
import { messageOf } from '../../engine/errors.ts'
import type { Config } from '../../schemas/config.ts'
import { type Operations, only } from '../admin/operations.ts'
import type { CommandContext } from './context.ts'
import { type CommonOptions, configOf, leaf, misused, wholeNumber } from './leaf.ts'
import { loadDemo } from './load-demo.ts'
import { type FileLoaded, LoadFile } from './load-file.ts'
import { type Outcome, OutcomeWatch } from './load-outcome.ts'
import { count, printJson, say } from './output.ts'

interface LoadOptions extends CommonOptions {
  type?: string
  rate?: number
  timeShift?: string
  again?: boolean
  demo?: boolean
  limit?: number
}

const types = ['events', 'orders', 'order-items', 'products', 'users']

export function addLoad(program: Command, context: CommandContext): void {
  leaf(program, {
    usage: 'load [files...]',
    summary: 'load JSONL or CSV files (.gz and .br too, - for stdin) as history; goes on where it was interrupted',
    examples: [
      'load products.csv orders.jsonl.gz',
      'zcat events.gz | millrace load - --type events --time-shift P52W',
      'load --demo --log kafka'
    ],
    onLog: true,
    json: true
  })
    .addOption(new Option('--type <type>', 'what the rows are (default: told by the first one)').choices(types))
    .option('--rate <n>', 'at most so many rows a second', wholeNumber('--rate', 1))
    .option('--time-shift <p>', 'added to every time, in ISO 8601: P52W, -P1D')
    .option('--demo', 'load the bundled demo shop')
    .option('--limit <n>', 'with --demo: its first so many rows; without it later, the rest', wholeNumber('--limit', 1))
    .option('--again', 'load also what was loaded from these files before')
    .action((files: string[], options: LoadOptions) => load(context, files, options))
}

async function load(context: CommandContext, files: string[], options: LoadOptions): Promise<void> {
  const isDemo = options.demo === true
  if (isDemo === files.length > 0) throw misused('Say which files to load, or --demo; not both.')
  if (options.limit !== undefined && !isDemo) throw misused('--limit is for --demo: cut files with head.')
  const loaded = configOf(options)
  const session = await context.open(loaded, { write: true })
  const { operations } = session
  const stopper = new AbortController()
  const interrupt = () => stopper.abort()
  process.once('SIGINT', interrupt)
  const results: FileLoaded[] = []
  try {
    const watch = new OutcomeWatch(operations)
    await watch.begin()
    if (isDemo) {
      const { limit = Number.POSITIVE_INFINITY } = options
      results.push(await loadDemo({ operations, demo: await context.demo(), limit, signal: stopper.signal }))
    } else {
      await loadFiles({ context, operations, config: loaded.config, signal: stopper.signal }, files, options, results)
    }
    report(results, await watch.end(results.map(({ file }) => file)), options.json === true)
    if (stopper.signal.aborted) say('Interrupted: run it again to go on from there.')
  } finally {
    process.removeListener('SIGINT', interrupt)
    await session.close()
  }
  const isNothing = results.every(({ accepted, already_loaded }) => accepted === 0 && already_loaded === 0)
  if (isNothing || stopper.signal.aborted) process.exitCode = 1
}

interface Loading {
  context: CommandContext
  operations: Operations
  config: Config
  signal: AbortSignal
}

/** One after the other; what has become of each is added to `results` also where one fails. */
async function loadFiles(
  { context, operations, config, signal }: Loading,
  files: readonly string[],
  options: LoadOptions,
  results: FileLoaded[]
): Promise<void> {
  const reader = await context.files()
  const timeShiftMs = options.timeShift === undefined ? 0 : reader.durationMs(options.timeShift)
  const topics = await context.rowTopics()
  for (const path of files) {
    const settings = { path, type: options.type, columns: columnsOf(config), timeShiftMs }
    const file = new LoadFile(settings, { reader, topics, operations })
    const endHistory = () => only(operations.endHistory({ name: file.loaded.file }))
    try {
      await file.run({ rate: options.rate, isRepeated: options.again === true, signal })
    } catch (error) {
      // What went wrong first is what is said last.
      if (file.hasSent) await endHistory().catch(reason => say(messageOf(reason)))
      throw error
    } finally {
      results.push(file.loaded)
    }
    await endHistory()
    if (signal.aborted) return
  }
}

function columnsOf({ tables }: Config): Record<string, Record<string, string>> {
  return Object.fromEntries(Object.entries(tables).map(([name, { columns }]) => [name, columns]))
}

function report(files: FileLoaded[], { deadLettered, duplicates }: Outcome, isJson: boolean): void {
  const sum = (of: (file: FileLoaded) => number) => files.reduce((total, file) => total + of(file), 0)
  const total = {
    accepted: sum(({ accepted }) => accepted),
    dead_lettered: sum(({ dead_lettered }) => dead_lettered) + deadLettered,
    duplicates,
    already_loaded: sum(({ already_loaded }) => already_loaded)
  }
  if (isJson) {
    printJson({ ...total, files })
    return
  }
  for (const { file, type, ...counts } of files) say(`${file} (${type ?? 'empty'}): ${counts.accepted} rows`)
  const before =
    total.already_loaded > 0 ? `, ${count(total.already_loaded)} loaded before (--again loads them again)` : ''
  process.stdout.write(
    `accepted ${count(total.accepted)}, dead-lettered ${count(total.dead_lettered)}, duplicates ${count(duplicates)}${before}\n`
  )
  if (total.dead_lettered > 0) say('See `millrace dlq list` for what was wrong with the dead-lettered ones.')
}
