import { createReadStream, type ReadStream } from 'node:fs'
import { createGunzip, type Gunzip } from 'node:zlib'
import { MillraceError, stop } from '../../engine/errors.ts'
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

/** Lines of a file, `.gz` or not, holding one piece of it at a time. */
export async function* linesOf(path: string): AsyncIterable<string> {
  const file = createReadStream(path)
  const bytes = path.endsWith('.gz') ? compose(file, createGunzip()) : file
  bytes.setEncoding('utf8')
  let rest = ''
  try {
    for await (const text of bytes) {
      const lines = (rest + text).split('\n')
      rest = lines.pop()!
      for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line
    }
  } catch (cause) {
    throw cause instanceof MillraceError ? cause : stop('evaluate_unreadable', `${path} cannot be read.`, cause)
  } finally {
    file.destroy()
  }
  if (rest !== '') yield rest
}

/** An error of either is an error of what is read. */
function compose(file: ReadStream, gunzip: Gunzip): Gunzip {
  file.once('error', error => gunzip.destroy(error))
  return file.pipe(gunzip)
}
