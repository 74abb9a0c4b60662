import { stop } from '../../engine/errors.ts'
import { csvRecords, guessDelimiter } from './csv.ts'
import type { RawRecord } from './raw-record.ts'

const groupMax = 500

/** Records by the names of the header line; cells are text, an empty cell is `''`. */
export async function* csvRows(
  chunks: AsyncIterable<Buffer>,
  firstLine: string,
  path: string
): AsyncGenerator<RawRecord[]> {
  let header: string[] | undefined
  let group: RawRecord[] = []
  for await (const record of csvRecords(decoded(chunks, path), guessDelimiter(firstLine))) {
    if ('error' in record) {
      const detail = `The record is not CSV (${record.error}): check its quotes.`
      group.push({ line: record.line, text: '', code: 'bad_csv', detail })
    } else if (header === undefined) header = headerOf(record.cells, path)
    else group.push(rowOf(header, record.cells, record.line))
    if (group.length >= groupMax) {
      yield group
      group = []
    }
  }
  yield group
}

function headerOf(cells: string[], path: string): string[] {
  const names = cells.map(cell => cell.trim())
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice === undefined) return names
  throw stop('bad_csv_header', `${path} has two columns named "${twice}": rename one in the header line.`)
}

function rowOf(header: string[], cells: string[], line: number): RawRecord {
  const text = JSON.stringify(cells)
  if (cells.length !== header.length) {
    const detail = `The record has ${cells.length} cells, the header has ${header.length}.`
    return { line, text, code: 'bad_csv', detail }
  }
  if (cells.some(isMisquoted)) {
    return {
      line,
      text,
      code: 'bad_csv',
      detail: 'A cell that ends in this line is quoted only in part: check its quotes.'
    }
  }
  // No prototype: a column may have any name.
  const json: Record<string, string> = Object.create(null)
  for (let i = 0; i < header.length; i++) json[header[i]] = cells[i]
  return { line, text, json }
}

/**
 * The parser keeps the quotes of a cell that goes on behind its closing quote. Where such a cell has swallowed a line
 * break or ends within quotes, it has swallowed other records too.
 */
function isMisquoted(cell: string): boolean {
  return cell.charCodeAt(0) === 34 && (cell.includes('\n') || cell.split('"').length % 2 === 0)
}

async function* decoded(chunks: AsyncIterable<Buffer>, path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let bytes = 0
  const decode = (chunk?: Buffer) => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined })
    } catch (error) {
      throw stop(
        'file_not_utf8',
        `${path} is not UTF-8 near byte ${bytes}: convert it, for example with iconv -f latin1 -t utf-8.`,
        error
      )
    }
  }
  for await (const chunk of chunks) {
    yield decode(chunk)
    bytes += chunk.length
  }
  yield decode()
}
