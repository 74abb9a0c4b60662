import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline, Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, type Gunzip } from 'node:zlib'
import { MillraceError, stop } from '../../engine/errors.ts'

/** The bytes of an input file, decompressed, and how far reading has come in the file as it is on disk. */
export interface FileBytes {
  chunks: AsyncIterable<Buffer>
  bytesRead(): number
  /** null for stdin. */
  bytesTotal: number | null
}

/** `-` is stdin. `.br` is told by the name, gzip by its first bytes. Never more than a few chunks are held. */
export async function openFile(path: string, stdin: Readable = process.stdin): Promise<FileBytes> {
  const isStdin = path === '-'
  let read = 0
  let unzip: Gunzip | undefined
  return {
    chunks: chunks(),
    bytesRead: () => unzip?.bytesWritten ?? read,
    bytesTotal: isStdin ? null : await sizeOf(path)
  }

  async function* chunks(): AsyncGenerator<Buffer> {
    try {
      const { first, rest } = await split(isStdin ? stdin : createReadStream(path))
      const raw = counted(first, rest)
      if (path.endsWith('.br')) unzip = createBrotliDecompress()
      else if (first.length > 1 && first[0] === 0x1f && first[1] === 0x8b) unzip = createGunzip()
      // What fails upstream ends `unzip` with its error, which the reader of the chunks gets.
      if (unzip) pipeline(Readable.from(raw, { objectMode: false }), unzip, () => {})
      yield* unzip ?? raw
    } catch (error) {
      throw translated(error, path)
    }
  }

  async function* counted(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    read += first.length
    if (first.length > 0) yield first
    for await (const chunk of rest) {
      read += chunk.length
      yield chunk
    }
  }
}

/** At least two bytes first, if there are as many. */
async function split(stream: Readable): Promise<{ first: Buffer; rest: AsyncIterable<Buffer> }> {
  const iterator = stream[Symbol.asyncIterator]() as AsyncIterableIterator<Buffer>
  let first = Buffer.alloc(0)
  while (first.length < 2) {
    const { value, done } = await iterator.next()
    if (done) break
    first = Buffer.concat([first, value])
  }
  return { first, rest: { [Symbol.asyncIterator]: () => iterator } }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    throw translated(error, path)
  }
}

function translated(error: unknown, path: string): MillraceError {
  if (error instanceof MillraceError) return error
  const code = String((error as NodeJS.ErrnoException).code)
  if (code === 'ENOENT') return stop('file_not_found', `There is no file ${path}.`, error)
  // Codes of zlib (Z_…) and of Node's brotli (ERR_…), as opposed to those of the operating system.
  if (code.startsWith('Z_') || code.startsWith('ERR_')) {
    return stop(
      'file_damaged',
      `${path} cannot be decompressed: it is damaged or was cut off; make or copy it again.`,
      error
    )
  }
  return stop('file_unreadable', `${path} cannot be read (${code}): check that it is a file you may read.`, error)
}
