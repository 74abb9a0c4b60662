import { pipeline, Readable } from 'node:stream'
import { type CsvError, type Info, parse } from 'csv-parse'

/** One record, or why it is none. `line` is where it ends in the file, counted from 1. */
export type CsvRecord = { line: number; cells: string[] } | { line: number; error: string }

const recordCharsMax = 1 << 20

/** RFC 4180, with `,` `;` or tab between the cells, as the first line suggests. Empty lines are left out. */
export async function* csvRecords(text: AsyncIterable<string>, delimiter = ','): AsyncGenerator<CsvRecord> {
  const skipped: CsvRecord[] = []
  const parser = parse({
    delimiter,
    bom: true,
    info: true,
    max_record_size: recordCharsMax,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: error => {
      if (error) skipped.push({ line: lineOf(error), error: error.code })
      return undefined
    }
  })
  // A failing source ends the parser with its error, which the loop below throws.
  pipeline(Readable.from(text, { objectMode: true }), parser, () => {})
  for await (const { info, record } of parser as AsyncIterable<{ info: Info; record: string[] }>) {
    // The parser runs ahead of what is taken from it.
    while (skipped.length > 0 && skipped[0].line <= info.lines) yield skipped.shift() as CsvRecord
    yield { line: info.lines, cells: record }
  }
  yield* skipped
}

export function guessDelimiter(header: string): string {
  const count = (mark: string) => header.split(mark).length
  return [',', ';', '\t'].reduce((best, mark) => (count(mark) > count(best) ? mark : best))
}

function lineOf(error: CsvError): number {
  return typeof error.lines === 'number' ? error.lines : 0
}
