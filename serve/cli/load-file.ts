import { createHash, randomUUID } from 'node:crypto'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { packRecords } from '../../engine/ports/packed-records.ts'
import { historyHeader } from '../../engine/record.ts'
import { type Append, type Operations, only } from '../admin/operations.ts'
import type { CommandContext, FileBatch, FileOptions, RowTopic } from './context.ts'
import { Progress } from './progress.ts'

/** What has become of one file. */
export interface FileLoaded {
  file: string
  type: string | null
  accepted: number
  dead_lettered: number
  already_loaded: number
}

interface Deps {
  reader: Awaited<ReturnType<CommandContext['files']>>
  topics: Record<string, RowTopic>
  operations: Operations
}

interface RunOptions {
  /** Rows a second. */
  rate?: number
  isRepeated: boolean
  signal: AbortSignal
}

const batchRowsMax = 1000
const identityBytes = 64 * 1024

/**
 * Appends the rows of one file in order, as history. Rows are counted by a producer of the log that is named after the
 * file's content, so that a second run goes on behind the last row that is durable; refused lines likewise, by line.
 */
export class LoadFile {
  readonly loaded: FileLoaded
  /** Something of it is on the log. */
  hasSent = false
  readonly #settings: Omit<FileOptions, 'batchRowsMax'> & { path: string }
  readonly #deps: Deps
  #name = ''
  /** Rows of the file taken so far. */
  #rows = 0
  #rowsBefore = 0
  #linesBefore = 0

  constructor(settings: Omit<FileOptions, 'batchRowsMax'> & { path: string }, deps: Deps) {
    this.#settings = settings
    this.#deps = deps
    this.loaded = { file: settings.path, type: null, accepted: 0, dead_lettered: 0, already_loaded: 0 }
  }

  async run({ rate, isRepeated, signal }: RunOptions): Promise<void> {
    const { path, ...options } = this.#settings
    this.#name = isRepeated ? `load ${randomUUID()}` : await identityOf(this.#settings)
    await this.#findPositions()
    const progress = new Progress(path === '-' ? 'stdin' : basename(path))
    const started = performance.now()
    const rowsMax = Math.min(batchRowsMax, rate ?? batchRowsMax)
    let sending: Promise<void> = Promise.resolve()
    try {
      for await (const batch of this.#deps.reader.read(path, { ...options, batchRowsMax: rowsMax })) {
        const appends = this.#appendsOf(batch)
        // One batch is on its way while the next one is read; never two, or they might change places.
        await sending
        if (signal.aborted) return
        if (appends.length > 0) sending = this.#send(appends)
        sending.catch(() => undefined)
        const { accepted, dead_lettered } = this.loaded
        progress.show({ rows: this.#rows, part: batch.bytesTotal ? batch.bytesRead / batch.bytesTotal : null })
        if (rate) await sleep(Math.max(0, started + ((accepted + dead_lettered) / rate) * 1000 - performance.now()))
      }
    } finally {
      await sending
      progress.end()
    }
  }

  async #send(appends: Append[]): Promise<void> {
    await only(this.#deps.operations.append({ appends }))
    this.hasSent = true
  }

  async #findPositions(): Promise<void> {
    const { operations } = this.#deps
    const position = async (name: string) => Number((await only(operations.producer({ name }))).position ?? 0)
    this.#rowsBefore = await position(this.#name)
    this.#linesBefore = await position(`${this.#name} refused`)
  }

  #appendsOf(batch: FileBatch): Append[] {
    this.loaded.type = batch.type
    const isNew = Math.max(0, Math.min(batch.rows.length, this.#rows + batch.rows.length - this.#rowsBefore))
    const rows = batch.rows.slice(batch.rows.length - isNew)
    const rejected = batch.rejected.filter(({ line }) => line > this.#linesBefore)
    this.#rows += batch.rows.length
    this.loaded.accepted += rows.length
    this.loaded.dead_lettered += rejected.length
    this.loaded.already_loaded += batch.rows.length - rows.length
    const appends = rejected.map(one => this.#deadLetter(batch.type, one))
    if (rows.length > 0) appends.push(this.#rowsAppend(batch.type, rows))
    return appends
  }

  #rowsAppend(type: string, rows: unknown[]): Append {
    const { topic, keyOf, timeOf } = this.#deps.topics[type]
    const now = Date.now()
    const records = rows.map(row => ({
      key: keyOf(row),
      value: topic.value.encode(row),
      timestamp: timeOf(row) ?? now
    }))
    return {
      topic: topic.name,
      records: Buffer.from(packRecords(records)).toString('base64'),
      headers: { [historyHeader]: this.#settings.path },
      producer: { name: this.#name, to: String(this.#rows) }
    }
  }

  /** The line as it stood in the file, and why it is no row (INTERFACES 8). */
  #deadLetter(type: string, { line, code, detail, text }: FileBatch['rejected'][number]): Append {
    const now = Date.now()
    const record = { key: null, value: Buffer.from(text), timestamp: now }
    return {
      topic: 'dead-letters',
      records: Buffer.from(packRecords([record])).toString('base64'),
      headers: {
        'millrace.error.code': code,
        'millrace.error.message': detail.slice(0, 1_000),
        'millrace.error.topic': this.#deps.topics[type].topic.name,
        'millrace.error.topology': 'load',
        'millrace.error.step': type,
        'millrace.error.at': new Date(now).toISOString(),
        'millrace.load.file': basename(this.#settings.path),
        'millrace.load.line': String(line)
      },
      producer: { name: `${this.#name} refused`, to: String(line) }
    }
  }
}

/** By the beginning of its content, so that a file that was moved or has grown is the same; stdin never is. */
async function identityOf({ path, type, timeShiftMs }: Omit<FileOptions, 'batchRowsMax'> & { path: string }) {
  if (path === '-') return `load ${randomUUID()}`
  const hash = createHash('sha256').update(`${type ?? ''} ${timeShiftMs}\n`)
  try {
    const file = await open(path)
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(identityBytes), 0, identityBytes, 0)
      hash.update(buffer.subarray(0, bytesRead))
    } finally {
      await file.close()
    }
  } catch {
    return `load ${randomUUID()}` // Reading the file will say what is wrong with it.
  }
  return `load ${hash.digest('hex').slice(0, 32)}`
}
