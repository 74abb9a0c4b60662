import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import { stop } from '../../engine/errors.ts'
import { packRecords } from '../../engine/ports/packed-records.ts'
import { historyHeader } from '../../engine/record.ts'
import { type Append, all, only } from '../admin/operations.ts'
import type { CommandContext, ImportedRecord } from './context.ts'
import { type CommonOptions, configOf, group, leaf, misused, wholeNumber } from './leaf.ts'
import { count, print, printJson, printJsonLine, printTable, say } from './output.ts'
import { Progress } from './progress.ts'
import { shownRecord } from './shown-record.ts'

interface ReadOptions extends CommonOptions {
  partition?: number
  from: number
  limit: number
  key?: string
}

export function addTopic(program: Command, context: CommandContext): void {
  const topic = group(program, 'topic', 'look into the log, decoded; export and import it')

  leaf(topic, {
    usage: 'list',
    summary: 'topics with their records and limits',
    examples: ['topic list'],
    onLog: true,
    json: true
  }).action(async (options: CommonOptions) => {
    const session = await context.open(configOf(options), { write: false })
    try {
      const rows = await all(session.operations.topics())
      if (options.json) return printJson(rows)
      const total = (numbers: number[]) => numbers.reduce((sum, one) => sum + one, 0)
      printTable(
        ['topic', 'partitions', 'cleanup', 'retention', 'offsets'],
        rows.map(row => [
          row.topic,
          row.partitions,
          row.cleanup,
          row.retention_ms === null ? 'for ever' : `${row.retention_ms / 3_600_000} h`,
          total(row.end) - total(row.start)
        ])
      )
    } finally {
      await session.close()
    }
  })

  leaf(topic, {
    usage: 'read <topic>',
    summary: 'records, decoded, partition by partition; with --json one a line',
    examples: ['topic read interactions --limit 5', 'topic read item-catalog --key 85123A --json'],
    onLog: true,
    json: true
  })
    .option('--from <n>', 'from this offset on, in each partition', wholeNumber('--from'), 0)
    .option('--limit <n>', 'at most so many', wholeNumber('--limit', 1), 20)
    .option('--key <k>', 'only records with this key')
    .option('--partition <n>', 'only this partition', wholeNumber('--partition'))
    .action((name: string, options: ReadOptions) => read(context, name, options))

  leaf(topic, {
    usage: 'export <topic>',
    summary: 'all records as JSON lines that `topic import` reads',
    examples: ['topic export interactions | gzip > interactions.jsonl.gz'],
    onLog: true
  }).action((name: string, options: CommonOptions) => exportTopic(context, name, options))

  leaf(topic, {
    usage: 'import <topic> <file>',
    summary: 'append the lines of an export (- for stdin), as history; the same lines twice are there twice',
    examples: ['topic import interactions interactions.jsonl'],
    onLog: true,
    json: true
  }).action((name: string, file: string, options: CommonOptions) => importTopic(context, { name, file, options }))
}

async function read(context: CommandContext, name: string, options: ReadOptions): Promise<void> {
  const loaded = configOf(options)
  const book = await context.topicBook(loaded.config)
  const session = await context.open(loaded, { write: false })
  try {
    const topic = book.logName(name)
    const { partition, from, limit, key } = options
    for await (const record of session.operations.read({ topic, partition, from, limit, key })) {
      const shown = shownRecord(topic, record, book)
      if (options.json) printJsonLine(shown)
      else {
        const value = shown.error ? `(${shown.error}) ${shown.value_base64}` : JSON.stringify(shown.value)
        print(`${shown.partition}:${shown.offset}  ${shown.timestamp}  ${shown.key ?? '-'}  ${value}`)
      }
    }
  } finally {
    await session.close()
  }
}

async function exportTopic(context: CommandContext, name: string, options: CommonOptions): Promise<void> {
  const loaded = configOf(options)
  const topic = (await context.topicBook(loaded.config)).logName(name)
  const session = await context.open(loaded, { write: false })
  try {
    for await (const line of session.operations.export({ topic })) {
      if (!process.stdout.write(`${line}\n`)) await new Promise(resolve => process.stdout.once('drain', resolve))
    }
  } finally {
    await session.close()
  }
}

interface Import {
  name: string
  file: string
  options: CommonOptions
}

async function importTopic(context: CommandContext, { name, file, options }: Import): Promise<void> {
  const loaded = configOf(options)
  const book = await context.topicBook(loaded.config)
  const topic = book.logName(name)
  const writer = book.writerOf(topic)
  if (writer !== null || topic === 'ticks') {
    throw misused(`Topic ${topic} is written by ${writer ?? 'the stream itself'}: import what it is made from.`)
  }
  const input = file === '-' ? process.stdin : createReadStream(file)
  const session = await context.open(loaded, { write: true })
  const { operations } = session
  const progress = new Progress(file)
  const load = `import ${name}`
  let rows = 0
  try {
    const append = async (records: ImportedRecord[], partition?: number) => {
      await only(operations.append({ appends: appendsOf(topic, records, { load, partition }) }))
      rows += records.length
      progress.show({ rows, part: null })
    }
    await context.importLines(createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }), append)
    await only(operations.endHistory({ name: load }))
    await only(operations.flush())
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? stop('file_not_found', `There is no file ${file}.`, error)
      : error
  } finally {
    progress.end()
    await session.close()
  }
  if (options.json) printJson({ topic, imported: rows })
  else say(`${count(rows)} records appended to ${topic}`)
}

/** Headers are those of all records of an append, so records in a row with the same ones go together. */
function appendsOf(
  topic: string,
  records: ImportedRecord[],
  { load, partition }: { load: string; partition?: number }
): Append[] {
  const groups: { headers: string; records: ImportedRecord[] }[] = []
  for (const record of records) {
    const headers = JSON.stringify({ ...record.headers, [historyHeader]: load })
    const last = groups.at(-1)
    if (last?.headers === headers) last.records.push(record)
    else groups.push({ headers, records: [record] })
  }
  return groups.map(({ headers, records: grouped }) => ({
    topic,
    partition,
    headers: JSON.parse(headers),
    records: Buffer.from(packRecords(grouped)).toString('base64')
  }))
}
