import type { Readable } from 'node:stream'
import { MillraceError, stop } from '../../engine/errors.ts'
import { isObject } from '../../schemas/fields.ts'
import { csvRows } from './csv-rows.ts'
import { openFile } from './file-bytes.ts'
import { jsonLines } from './jsonl.ts'
import type { RawRecord } from './raw-record.ts'
import {
  type ColumnNames,
  eventFromCells,
  guessType,
  type RowOf,
  type RowType,
  renamed,
  rowReaders,
  rowTypes,
  shiftTimes
} from './row-types.ts'

export interface Rejected {
  /** Of the file, from 1. */
  line: number
  code: string
  detail: string
  /** The line itself, or the cells of the record as JSON; empty where it was too long to keep. */
  text: string
}

export type RowBatch<T extends RowType = RowType> = {
  [K in T]: {
    type: K
    rows: RowOf[K][]
    rejected: Rejected[]
    /** Read so far, of the file as it is on disk. */
    bytesRead: number
    /** null for stdin. */
    bytesTotal: number | null
  }
}[T]

export interface ReadOptions {
  columns?: ColumnNames
  /** Added to every time in the file. */
  timeShiftMs?: number
  /** Stands in for times that are absent. */
  now?: number
  batchRowsMax?: number
  stdin?: Readable
}

/**
 * Rows of a JSONL or CSV file (INTERFACES 3), `.gz` and `.br` too, `-` for stdin, in batches; the file is read no faster
 * than batches are taken. The format is told by the name, else by the first character; the type, where not given, by
 * the first record's fields. A bad record is returned beside the good ones; a file that cannot be read at all throws.
 */
export async function* readRows<T extends RowType = RowType>(
  path: string,
  type?: T,
  options: ReadOptions = {}
): AsyncGenerator<RowBatch<T>> {
  const { columns = {}, timeShiftMs = 0, now = Date.now(), batchRowsMax = 1000 } = options
  const file = await openFile(path, options.stdin)
  const { records, isCsv } = await recordsOf(file.chunks, path)
  let known: RowType | undefined = type
  let batch = emptyBatch()

  for await (const group of records) {
    for (const record of group) {
      add(record)
      if (batch.rows.length + batch.rejected.length >= batchRowsMax) {
        yield done()
        batch = emptyBatch()
      }
    }
  }
  if (batch.rows.length + batch.rejected.length > 0) yield done()

  function emptyBatch() {
    return { rows: [] as RowOf[RowType][], rejected: [] as Rejected[] }
  }

  function done(): RowBatch<T> {
    if (known === undefined) throw unknownType(path)
    return { type: known, ...batch, bytesRead: file.bytesRead(), bytesTotal: file.bytesTotal } as RowBatch<T>
  }

  function add(record: RawRecord) {
    if ('code' in record) return reject(record, record.code, record.detail)
    known ??= guessType(record.json, columns)
    if (known === undefined) throw unknownType(path)
    try {
      batch.rows.push(rowOf(known, record.json))
    } catch (error) {
      if (!(error instanceof MillraceError) || error.remedy !== 'skip') throw error
      reject(record, error.code, error.message)
    }
  }

  function reject({ line, text }: RawRecord, code: string, detail: string) {
    batch.rejected.push({ line, code, detail, text })
  }

  function rowOf(rowType: RowType, raw: unknown): RowOf[RowType] {
    const names = columns[rowType]
    const theirs = names ? renamed(raw, names) : raw
    const json = isCsv && rowType === 'events' && isObject(theirs) ? eventFromCells(theirs) : theirs
    const row = rowReaders[rowType].from(json, now)
    if (timeShiftMs !== 0) shiftTimes(rowType, row, json, timeShiftMs)
    return row
  }
}

async function recordsOf(chunks: AsyncIterable<Buffer>, path: string) {
  const { head, all } = await peek(chunks)
  const firstLine = head
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimStart()
    .split('\n', 1)[0]
  const isCsv = formatOf(path) === 'csv' || (formatOf(path) === undefined && !/^(?:[{[]|$)/.test(firstLine))
  if (!isCsv && firstLine.startsWith('[')) {
    throw stop(
      'file_is_json_array',
      `${path} is one JSON array: write one object a line, for example with jq -c '.[]'.`
    )
  }
  return { isCsv, records: isCsv ? csvRows(all, firstLine, path) : jsonLines(all) }
}

function formatOf(path: string): 'csv' | 'jsonl' | undefined {
  const name = path.replace(/\.(gz|br)$/, '')
  if (/\.(csv|tsv)$/.test(name)) return 'csv'
  return /\.(jsonl|ndjson|json)$/.test(name) ? 'jsonl' : undefined
}

const headBytesMax = 1 << 16

/** The first line, or the first 64 KiB of it, and the chunks with it. */
async function peek(chunks: AsyncIterable<Buffer>) {
  const iterator = chunks[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  while (head.length < headBytesMax && !head.toString('utf8').trimStart().includes('\n')) {
    const { value, done } = await iterator.next()
    if (done) break
    head = Buffer.concat([head, value])
  }
  async function* all() {
    yield head
    yield* { [Symbol.asyncIterator]: () => iterator }
  }
  return { head, all: all() }
}

function unknownType(path: string) {
  return stop(
    'load_type_unknown',
    `What ${path} holds cannot be told from its first records: give --type ${rowTypes.join('|')}, or map its columns.`
  )
}
