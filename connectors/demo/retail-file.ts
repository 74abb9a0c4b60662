import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync } from 'node:zlib'
import { stop } from '../../engine/errors.ts'

/**
 * The bundled data as columns. The file is UTF-8 text behind brotli: sections, each a line `== name count` and then
 * `count` lines. Texts are kept once and named by their index; a code's descriptions and prices stand with the code, the
 * most frequent first, between tabs. Everything of the original is there: pack.ts makes this file from the CSV,
 * `retailCsv` makes the CSV from this file.
 */
export interface RetailFile {
  countries: string[]
  codes: string[]
  descriptions: string[][]
  /** As written in the original, pounds. */
  prices: string[][]
  /** Runs of lines with one invoice number; 542806 alone is in two runs, a cancellation stands between them. */
  invoices: {
    count: number
    /** `536365`, `C536379`. */
    numbers: string[]
    /** Minutes since 1970, shop time taken as UTC, of the invoice's first line. */
    minutes: Int32Array
    /** 0 = none. */
    customers: Int32Array
    countries: Int32Array
    /** Index of the first line; one more entry than invoices. */
    firstLines: Int32Array
  }
  lines: {
    count: number
    codes: Int32Array
    quantities: Int32Array
    /** Index into the prices of the code. */
    prices: Int32Array
    descriptions: Int32Array
    /** Minutes after the invoice's first line: 0 but for a few. */
    minutes: Int32Array
  }
}

export const sectionNames = [
  'countries',
  'codes',
  'descriptions',
  'prices',
  'invoice-numbers',
  'invoice-minutes',
  'invoice-customers',
  'invoice-countries',
  'invoice-lines',
  'line-codes',
  'line-quantities',
  'line-prices',
  'line-descriptions',
  'line-minutes'
] as const
export type SectionName = (typeof sectionNames)[number]

export const retailFilePath = fileURLToPath(new URL('data/online-retail.txt.br', import.meta.url))

export function readRetailFile(path = retailFilePath): RetailFile {
  return parseRetailText(decompressed(path))
}

function decompressed(path: string): Buffer {
  try {
    return brotliDecompressSync(readFileSync(path))
  } catch (error) {
    throw stop('demo_data_damaged', `The demo shop's data cannot be read (${path}): install the package again.`, error)
  }
}

export function parseRetailText(text: Buffer): RetailFile {
  const sections = sectionsOf(text)
  const texts = (name: SectionName) => textsOf(sectionOf(sections, name))
  const numbers = (name: SectionName) => numbersOf(sectionOf(sections, name))
  const lengths = numbers('invoice-lines')
  const codes = numbers('line-codes')
  return {
    countries: texts('countries'),
    codes: texts('codes'),
    descriptions: texts('descriptions').map(line => line.split('\t')),
    prices: texts('prices').map(line => line.split('\t')),
    invoices: {
      count: lengths.length,
      numbers: texts('invoice-numbers'),
      minutes: summed(numbers('invoice-minutes')),
      customers: numbers('invoice-customers'),
      countries: numbers('invoice-countries'),
      firstLines: summed(Int32Array.of(0, ...lengths))
    },
    lines: {
      count: codes.length,
      codes,
      quantities: numbers('line-quantities'),
      prices: numbers('line-prices'),
      descriptions: numbers('line-descriptions'),
      minutes: numbers('line-minutes')
    }
  }
}

interface Section {
  count: number
  bytes: Buffer
}

function sectionsOf(text: Buffer): Map<string, Section> {
  const sections = new Map<string, Section>()
  let at = 0
  while (at < text.length) {
    const headEnd = text.indexOf(10, at)
    const [mark, name, count] = text.toString('utf8', at, headEnd).split(' ')
    if (mark !== '==' || headEnd < 0) throw stop('demo_data_damaged', `Not a section of the demo's data at byte ${at}.`)
    const next = text.indexOf('\n== ', headEnd)
    const end = next < 0 ? text.length : next + 1
    sections.set(name, { count: Number(count), bytes: text.subarray(headEnd + 1, end) })
    at = end
  }
  return sections
}

function sectionOf(sections: Map<string, Section>, name: SectionName): Section {
  const section = sections.get(name)
  if (section === undefined) throw stop('demo_data_damaged', `The demo's data has no section ${name}.`)
  return section
}

function textsOf({ count, bytes }: Section): string[] {
  return bytes.toString('utf8').split('\n', count)
}

/** Whole numbers, one a line; an empty line is 0. */
function numbersOf({ count, bytes }: Section): Int32Array {
  const numbers = new Int32Array(count)
  let index = 0
  let value = 0
  let sign = 1
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]
    if (byte === 10) {
      numbers[index++] = sign * value
      value = 0
      sign = 1
    } else if (byte === 45) sign = -1
    else value = value * 10 + byte - 48
  }
  return numbers
}

function summed(steps: Int32Array): Int32Array {
  for (let i = 1; i < steps.length; i++) steps[i] += steps[i - 1]
  return steps
}

export const csvHeader = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'

/** The original file again, byte for byte, in pieces of one invoice. */
export function* retailCsv({ countries, codes, descriptions, prices, invoices, lines }: RetailFile): Generator<string> {
  yield `${csvHeader}\n`
  for (let i = 0; i < invoices.count; i++) {
    const customer = invoices.customers[i] === 0 ? '' : `${invoices.customers[i]}.0`
    const tail = `${customer},${countries[invoices.countries[i]]}\n`
    let piece = ''
    for (let line = invoices.firstLines[i]; line < invoices.firstLines[i + 1]; line++) {
      const code = lines.codes[line]
      const description = quoted(descriptions[code][lines.descriptions[line]])
      const time = originalTime(invoices.minutes[i] + lines.minutes[line])
      piece += `${invoices.numbers[i]},${codes[code]},${description},${lines.quantities[line]},${time},${prices[code][lines.prices[line]]},${tail}`
    }
    yield piece
  }
}

function originalTime(minutes: number): string {
  return new Date(minutes * 60_000).toISOString().slice(0, 19).replace('T', ' ')
}

function quoted(text: string): string {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
