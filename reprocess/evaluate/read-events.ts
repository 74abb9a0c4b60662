import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { stop } from '../../engine/errors.ts'
import type { EventColumns } from './event-columns.ts'
import { readerFor } from './event-formats.ts'

/** Reads a file, `.gz` or not, line by line. */
export async function readEvents(path: string, columns: EventColumns): Promise<void> {
  let reader: ReturnType<typeof readerFor> | undefined
  for await (const line of linesOf(path)) {
    if (line === '') continue
    reader ??= readerFor(line, columns)
    reader.read(line)
  }
}

export async function* linesOf(path: string): AsyncIterable<string> {
  const file = createReadStream(path)
  const bytes = path.endsWith('.gz') ? file.pipe(createGunzip()) : file
  const failed = new Promise<never>((_, reject) => {
    file.once('error', reject)
    bytes.once('error', reject)
  })
  const lines = createInterface({ input: bytes, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]()
  try {
    for (;;) {
      const { value, done } = await Promise.race([lines.next(), failed])
      if (done) return
      yield value
    }
  } catch (cause) {
    throw stop('evaluate_unreadable', `${path} cannot be read.`, cause)
  } finally {
    file.destroy()
  }
}
