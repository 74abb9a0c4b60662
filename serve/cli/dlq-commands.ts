import type { Command } from 'commander'
import { codeOf, MillraceError, messageOf, stop } from '../../engine/errors.ts'
import { packRecords } from '../../engine/ports/packed-records.ts'
import { historyHeader } from '../../engine/record.ts'
import { all, type Operations, only } from '../admin/operations.ts'
import type { RawRecord } from '../admin/raw-record.ts'
import type { CommandContext, Session } from './context.ts'
import { type CommonOptions, configOf, group, leaf, misused, wholeNumber } from './leaf.ts'
import { count, print, printJson, printTable, say } from './output.ts'
import { textOf } from './shown-record.ts'
import type { TopicBook } from './topic-book.ts'

const deadLetters = 'dead-letters'
const replayName = 'dlq-replay'
/** Offset of letters that no record of the log is behind. */
const nowhere = -1

interface Filter {
  code?: string
  topic?: string
}

/** A dead letter as commands print it. */
interface Letter {
  /** partition:offset in dead-letters. */
  id: string
  at: string | null
  code: string
  message: string
  /** Where it came from; a line of a file for rows that `load` refused. */
  topic: string
  partition: number | null
  offset: number | null
  topology: string
  step: string
  key: string | null
}

export function addDlq(program: Command, context: CommandContext): void {
  const dlq = group(
    program,
    'dlq',
    'dead letters: records that could not be processed, why, and how to send them again'
  )
  const filtered = (command: Command) =>
    command.option('--code <code>', 'only with this error').option('--topic <topic>', 'only from this topic')

  filtered(
    leaf(dlq, {
      usage: 'list',
      summary: 'the newest dead letters',
      examples: ['dlq list --code bad_timestamp'],
      onLog: true,
      json: true
    })
  )
    .option('--limit <n>', 'at most so many', wholeNumber('--limit', 1), 50)
    .action((options: CommonOptions & Filter & { limit: number }) => list(context, options))

  leaf(dlq, {
    usage: 'show <id>',
    summary: 'one dead letter: why, and its original bytes',
    examples: ['dlq show 0:12'],
    onLog: true,
    json: true
  }).action((id: string, options: CommonOptions) => show(context, id, options))

  filtered(
    leaf(dlq, {
      usage: 'replay [ids...]',
      summary: 'send dead letters back to where they came from, each once, after the cause was mended',
      examples: ['dlq replay 0:12 1:3', 'dlq replay --code unknown_event_type', 'dlq replay --all'],
      onLog: true,
      json: true
    })
  )
    .option('--all', 'all of them')
    .option('--again', 'also those that were sent before')
    .action((ids: string[], options: ReplayOptions) => replay(context, ids, options))
}

async function list(context: CommandContext, options: CommonOptions & Filter & { limit: number }): Promise<void> {
  const session = await context.open(configOf(options), { write: false })
  const letters: Letter[] = []
  const byCode = new Map<string, number>()
  try {
    for await (const record of lettersOf(session.operations, options)) {
      const letter = letterOf(record)
      byCode.set(letter.code, (byCode.get(letter.code) ?? 0) + 1)
      letters.push(letter)
      if (letters.length > 2 * options.limit) letters.splice(0, letters.length, ...newest(letters, options.limit))
    }
  } finally {
    await session.close()
  }
  const shown = newest(letters, options.limit)
  if (options.json) return printJson(shown)
  printTable(
    ['id', 'at', 'code', 'topic', 'topology', 'message'],
    shown.map(one => [one.id, one.at, one.code, one.topic, one.topology, one.message.slice(0, 80)])
  )
  const counts = [...byCode].map(([code, number]) => `${code} ${count(number)}`).join(', ')
  say(counts === '' ? 'There are no dead letters.' : `In all: ${counts}.`)
}

function newest(letters: readonly Letter[], limit: number): Letter[] {
  return letters.toSorted((a, b) => ((a.at ?? '') < (b.at ?? '') ? 1 : -1)).slice(0, limit)
}

async function show(context: CommandContext, id: string, options: CommonOptions): Promise<void> {
  const loaded = configOf(options)
  const book = await context.topicBook(loaded.config)
  const session = await context.open(loaded, { write: false })
  try {
    const record = await letterById(session.operations, id)
    const bytes = record.value === null ? null : Buffer.from(record.value, 'base64')
    const letter = {
      ...letterOf(record),
      headers: record.headers ?? {},
      ...contentOf(letterOf(record).topic, bytes, book)
    }
    if (options.json) return printJson(letter)
    for (const [name, value] of Object.entries(letter)) {
      if (name === 'headers') continue
      print(`${name.padEnd(14)} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    }
  } finally {
    await session.close()
  }
}

function contentOf(topic: string, bytes: Buffer | null, book: TopicBook) {
  if (bytes === null) return { value_text: null, value_base64: null, decoded: null }
  let decoded: unknown = null
  try {
    decoded = book.decode(topic, bytes)
  } catch {
    decoded = null // That may be why it is here.
  }
  return { value_text: textOf(bytes), value_base64: bytes.toString('base64'), decoded }
}

interface ReplayOptions extends CommonOptions, Filter {
  all?: boolean
  again?: boolean
}

async function replay(context: CommandContext, ids: string[], options: ReplayOptions): Promise<void> {
  if (ids.length === 0 && !options.all && !options.code && !options.topic) {
    throw misused('Say which dead letters: ids, --code, --topic or --all.')
  }
  const session = await context.open(configOf(options), { write: true })
  const result = { sent: 0, sent_before: 0, still_refused: 0 }
  try {
    const { operations } = session
    for await (const record of lettersOf(operations, options)) {
      if (ids.length > 0 && !ids.includes(idOf(record))) continue
      result[await sendBack(context, session, { record, isAgain: options.again === true })]++
    }
    if (result.sent > 0) {
      await only(operations.endHistory({ name: replayName }))
      await only(operations.flush())
    }
  } finally {
    await session.close()
  }
  if (options.json) return printJson(result)
  say(
    `${count(result.sent)} sent back, ${count(result.sent_before)} had been before, ${count(result.still_refused)} still refused`
  )
}

async function sendBack(
  context: CommandContext,
  { operations }: Session,
  { record, isAgain }: { record: RawRecord; isAgain: boolean }
): Promise<'sent' | 'sent_before' | 'still_refused'> {
  const producer = { name: `${replayName} ${idOf(record)}`, to: '1' }
  if (!isAgain && (await only(operations.producer({ name: producer.name }))).position !== null) return 'sent_before'
  const original = await originalOf(context, record)
  if (original === null) return 'still_refused'
  const headers = Object.fromEntries(
    Object.entries(record.headers ?? {}).filter(([name]) => !name.startsWith('millrace.error.'))
  )
  await only(
    operations.append({
      appends: [
        {
          topic: original.topic,
          records: Buffer.from(packRecords([original])).toString('base64'),
          headers: { ...headers, [historyHeader]: replayName },
          ...(isAgain ? {} : { producer })
        }
      ]
    })
  )
  return 'sent'
}

/** A record as it was; a line that `load` refused is read once more, as a row. */
async function originalOf(context: CommandContext, record: RawRecord) {
  const { topic, topology, step, offset } = letterOf(record)
  if (offset === nowhere) {
    say(`${idOf(record)}: it is about a view, and no record of ${topic}: mend the cause, and the view comes by itself`)
    return null
  }
  const value = record.value === null ? null : Buffer.from(record.value, 'base64')
  if (topology !== 'load') return { topic, key: record.key, value, timestamp: record.timestamp }
  const { rowFrom } = await context.files()
  const target = (await context.rowTopics())[step]
  try {
    const row = rowFrom(step, JSON.parse(String(value)))
    const timestamp = target.timeOf(row) ?? record.timestamp
    return { topic, key: target.keyOf(row), value: target.topic.value.encode(row), timestamp }
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof MillraceError && error.remedy === 'skip')) {
      say(`${idOf(record)}: ${codeOf(error)} ${messageOf(error)}`)
      return null
    }
    throw error
  }
}

/** Those that are there now: what is sent back and refused again is a new letter, for another time. */
async function* lettersOf(operations: Operations, { code, topic }: Filter): AsyncGenerator<RawRecord> {
  const topics = await all(operations.topics())
  const ends = topics.find(one => one.topic === deadLetters)?.end ?? []
  for await (const record of operations.read({ topic: deadLetters })) {
    if (record.offset >= (ends[record.partition] ?? 0)) continue
    const letter = letterOf(record)
    if ((code === undefined || letter.code === code) && (topic === undefined || letter.topic === topic)) yield record
  }
}

async function letterById(operations: Operations, id: string): Promise<RawRecord> {
  const [, partition, offset] = /^(\d+):(\d+)$/.exec(id) ?? []
  if (partition === undefined) throw misused(`"${id}" is no dead letter's id: it is PARTITION:OFFSET, as in dlq list.`)
  const place = { topic: deadLetters, partition: Number(partition), from: Number(offset), limit: 1 }
  for await (const record of operations.read(place)) if (idOf(record) === id) return record
  throw stop('dead_letter_not_found', `There is no dead letter ${id}: see dlq list.`)
}

const idOf = ({ partition, offset }: RawRecord) => `${partition}:${offset}`

function letterOf(record: RawRecord): Letter {
  const headers = record.headers ?? {}
  const error = (name: string) => headers[`millrace.error.${name}`]
  const number = (text: string | undefined) => (text === undefined ? null : Number(text))
  return {
    id: idOf(record),
    at: error('at') ?? null,
    code: error('code') ?? 'unexpected',
    message: error('message') ?? '',
    topic: error('topic') ?? '',
    partition: number(error('partition')),
    offset: number(error('offset')),
    topology: error('topology') ?? '',
    step: error('step') ?? '',
    key: record.key
  }
}
