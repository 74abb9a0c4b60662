import { type Command, Option } from 'commander'
import type { StreamCounts } from '../../engine/ports/stream-messages.ts'
import { only } from '../admin/operations.ts'
import type { CommandContext } from './context.ts'
import { type CommonOptions, configOf, leaf, wholeNumber } from './leaf.ts'
import { type FileLoaded, LoadFile } from './load-file.ts'
import { count, printJson, say } from './output.ts'

interface LoadOptions extends CommonOptions {
  type?: string
  rate?: number
  timeShift?: string
  again?: boolean
}

const types = ['events', 'orders', 'order-items', 'products', 'users']

export function addLoad(program: Command, context: CommandContext): void {
  leaf(program, {
    usage: 'load <files...>',
    summary: 'load JSONL or CSV files (.gz and .br too, - for stdin) as history; goes on where it was interrupted',
    examples: ['load products.csv orders.jsonl.gz', 'zcat events.gz | millrace load - --type events --time-shift P52W'],
    json: true
  })
    .addOption(new Option('--type <type>', 'what the rows are (default: told by the first one)').choices(types))
    .option('--rate <n>', 'at most so many rows a second', wholeNumber('--rate', 1))
    .option('--time-shift <p>', 'added to every time, in ISO 8601: P52W, -P1D')
    .option('--again', 'load also what was loaded from these files before')
    .action((files: string[], options: LoadOptions) => load(context, files, options))
}

async function load(context: CommandContext, files: string[], options: LoadOptions): Promise<void> {
  const loaded = configOf(options)
  const reader = await context.files()
  const timeShiftMs = options.timeShift === undefined ? 0 : reader.durationMs(options.timeShift)
  const topics = await context.rowTopics()
  const session = await context.open(loaded, { write: true })
  const { operations } = session
  const stopper = new AbortController()
  const interrupt = () => stopper.abort()
  process.once('SIGINT', interrupt)
  const results: FileLoaded[] = []
  try {
    const before = (await only(operations.status())).counts
    for (const path of files) {
      const settings = { path, type: options.type, columns: columnsOf(loaded.config), timeShiftMs }
      const file = new LoadFile(settings, { reader, topics, operations })
      const isRepeated = options.again === true
      try {
        await file.run({ rate: options.rate, isRepeated, signal: stopper.signal })
      } finally {
        results.push(file.loaded)
        await only(operations.endHistory({ name: file.loaded.file }))
      }
      if (stopper.signal.aborted) break
    }
    const { counts } = await only(operations.flush())
    report(results, difference(before, counts), options.json === true)
    if (stopper.signal.aborted) say('Interrupted: run it again to go on from there.')
  } finally {
    process.removeListener('SIGINT', interrupt)
    await session.close()
  }
  const isNothing = results.every(({ accepted, already_loaded }) => accepted === 0 && already_loaded === 0)
  if (isNothing || stopper.signal.aborted) process.exitCode = 1
}

function columnsOf({ tables }: ReturnType<typeof configOf>['config']): Record<string, Record<string, string>> {
  return Object.fromEntries(Object.entries(tables).map(([name, { columns }]) => [name, columns]))
}

interface Difference {
  deadLettered: number
  duplicates: number
}

/** What the stream itself found wrong with the rows, beside what else came in meanwhile. */
function difference(before: StreamCounts | null, after: StreamCounts | null): Difference {
  const letters = (counts: StreamCounts | null) =>
    counts?.deadLetters.reduce((sum, [, records]) => sum + records, 0) ?? 0
  return {
    deadLettered: letters(after) - letters(before),
    duplicates: (after?.duplicates ?? 0) - (before?.duplicates ?? 0)
  }
}

function report(files: FileLoaded[], { deadLettered, duplicates }: Difference, isJson: boolean): void {
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
