import { isUtf8 } from 'node:buffer'
import type { RawRecord } from './raw-record.ts'

const lineBytesMax = 1 << 20

/** One JSON value a line; empty lines are left out. A line above 1 MiB is refused without being held. */
export async function* jsonLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<RawRecord[]> {
  let line = 0
  let carried: Buffer[] = []
  let carriedBytes = 0
  let isTooLong = false

  for await (const chunk of chunks) {
    const records: RawRecord[] = []
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      records.push(...ended(chunk.subarray(start, end)))
      start = end + 1
    }
    carry(chunk.subarray(start))
    yield records
  }
  if (carriedBytes > 0) yield ended(Buffer.alloc(0))

  function carry(piece: Buffer) {
    carriedBytes += piece.length
    isTooLong ||= carriedBytes > lineBytesMax
    if (isTooLong) carried = []
    else if (piece.length > 0) carried.push(piece)
  }

  function ended(piece: Buffer): RawRecord[] {
    line++
    if (carriedBytes === 0 && piece.length <= lineBytesMax) return recordOf(piece, line)
    carry(piece)
    const wasTooLong = isTooLong
    const bytes = Buffer.concat(carried)
    carried = []
    carriedBytes = 0
    isTooLong = false
    if (!wasTooLong) return recordOf(bytes, line)
    return [{ line, text: '', code: 'line_too_long', detail: `A line must have at most ${lineBytesMax} bytes.` }]
  }
}

function recordOf(bytes: Buffer, line: number): RawRecord[] {
  if (!isUtf8(bytes)) {
    return [{ line, text: bytes.toString('latin1'), code: 'bad_encoding', detail: 'The line is not UTF-8.' }]
  }
  const text = withoutMark(bytes.toString('utf8'), line).trim()
  if (text === '') return []
  try {
    return [{ line, text, json: JSON.parse(text) }]
  } catch (error) {
    return [{ line, text, code: 'bad_json', detail: `The line is not JSON: ${(error as SyntaxError).message}.` }]
  }
}

/** Without a byte order mark. */
function withoutMark(text: string, line: number): string {
  return line === 1 && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}
