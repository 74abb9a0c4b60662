import { isUtf8 } from 'node:buffer'
import { stop } from '../errors.ts'
import type { Headers } from '../record.ts'
import type { Log, NewRecord, RecordBatch } from './log.ts'
import { unknownTopic } from './topic-table.ts'

/**
 * A record as a line of JSON. Text where key and value are UTF-8, base64 where they are not; a `null` value is a
 * tombstone. `topic`, `partition` and `offset` say where it was.
 */
export interface TopicLine {
  topic: string
  partition: number
  offset: number
  timestamp: number
  key?: string | null
  keyBase64?: string
  value?: string | null
  valueBase64?: string
  headers?: Headers
}

const bytesPerRead = 1 << 20
const recordsPerAppend = 1000

/** All that the topic holds when it begins, partition by partition, a line each. */
export function* exportLines(log: Pick<Log, 'topics' | 'read' | 'endOffset'>, topic: string): Generator<string> {
  const partitions = log.topics().find(({ name }) => name === topic)?.partitions
  if (partitions === undefined) throw unknownTopic(topic)
  const ends = Array.from({ length: partitions }, (_, partition) => log.endOffset(topic, partition))
  for (let partition = 0; partition < partitions; partition++) {
    for (let at = 0; at < ends[partition]; ) {
      const batch = log.read(topic, partition, at, bytesPerRead)
      if (!batch) break
      for (let i = 0; i < batch.count && batch.offset(i) < ends[partition]; i++) yield JSON.stringify(lineOf(batch, i))
      at = batch.nextOffset
    }
  }
}

/**
 * Appends lines of an export: each by its key, so that the number of partitions may differ; without a key to the
 * partition it was in. Answers how many there were.
 */
export async function importLines(
  lines: Iterable<string> | AsyncIterable<string>,
  append: (records: NewRecord[], partition?: number) => unknown
): Promise<number> {
  let waiting: NewRecord[] = []
  let count = 0
  const flush = async () => {
    if (waiting.length > 0) await append(waiting)
    waiting = []
  }
  for await (const line of lines) {
    if (line.trim() === '') continue
    count++
    const { record, partition } = parseLine(line, count)
    if (record.key === null) {
      await flush()
      await append([record], partition)
    } else if (waiting.push(record) >= recordsPerAppend) {
      await flush()
    }
  }
  await flush()
  return count
}

export function lineOf(batch: RecordBatch, index: number): TopicLine {
  const key = batch.keyBytes(index)
  const value = batch.value(index)
  const headers = batch.headers(index)
  return {
    topic: batch.topic,
    partition: batch.partition,
    offset: batch.offset(index),
    timestamp: batch.timestamp(index),
    ...asText('key', key),
    ...asText('value', value),
    ...(headers && { headers })
  }
}

function asText(field: 'key' | 'value', bytes: Buffer | null): Partial<TopicLine> {
  if (bytes === null) return { [field]: null }
  return isUtf8(bytes) ? { [field]: bytes.toString() } : { [`${field}Base64`]: bytes.toString('base64') }
}

function parseLine(line: string, number: number): { record: NewRecord; partition: number } {
  const parsed = parsedJson(line) as Partial<TopicLine> | undefined
  const key = bytesOf(parsed?.key, parsed?.keyBase64)
  const value = bytesOf(parsed?.value, parsed?.valueBase64)
  const { timestamp, partition = 0, headers } = parsed ?? {}
  if (key === undefined || value === undefined || !Number.isSafeInteger(timestamp)) throw malformed(number)
  const areTexts = headers === undefined || Object.values(headers).every(text => typeof text === 'string')
  if (!areTexts || !Number.isSafeInteger(partition)) throw malformed(number)
  return { record: { key, value, timestamp: timestamp as number, headers }, partition }
}

function parsedJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function bytesOf(text: unknown, base64: unknown): Buffer | null | undefined {
  if (text === null) return null
  if (typeof text === 'string') return Buffer.from(text)
  return typeof base64 === 'string' ? Buffer.from(base64, 'base64') : undefined
}

function malformed(number: number) {
  return stop(
    'import_line_invalid',
    `Line ${number} is not a record of an export (key, value, timestamp): correct or remove it, then import the rest.`
  )
}
