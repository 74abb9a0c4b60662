import { createReadStream, writeFileSync } from 'node:fs'
import { argv } from 'node:process'
import type { Readable } from 'node:stream'
import { brotliCompressSync, constants, createGunzip } from 'node:zlib'
import { stop } from '../../engine/errors.ts'
import { csvRecords } from '../files/csv.ts'
import { retailFilePath, type SectionName, sectionNames } from './retail-file.ts'

/**
 * Makes data/online-retail.txt.br from the original CSV (the daily files joined in date order under one header):
 *
 *     node connectors/demo/pack.ts online_retail.csv.gz
 */
export async function packRetail(csv: AsyncIterable<string>): Promise<string> {
  const codes = new Map<string, Code>()
  const countries = new Map<string, number>()
  const rows: Row[] = []
  let isHeader = true
  for await (const record of csvRecords(csv)) {
    if ('error' in record) throw stop('demo_data_damaged', `Line ${record.line} is no CSV (${record.error}).`)
    if (isHeader) isHeader = false
    else rows.push(rowOf(record.cells, codes, countries))
  }
  return textOf(rows, ranked(codes), countries)
}

/** A code with its descriptions and prices, each with the number of lines that have it. */
interface Code {
  name: string
  lines: number
  descriptions: Map<string, number>
  prices: Map<string, number>
}

interface Row {
  invoice: string
  code: Code
  description: string
  quantity: string
  minute: number
  price: string
  customer: string
  country: number
}

function rowOf(cells: string[], codes: Map<string, Code>, countries: Map<string, number>): Row {
  const [invoice, codeName, description, quantity, date, price, customer, country] = cells
  let code = codes.get(codeName)
  if (code === undefined) {
    code = { name: codeName, lines: 0, descriptions: new Map(), prices: new Map() }
    codes.set(codeName, code)
  }
  code.lines++
  count(code.descriptions, description)
  count(code.prices, price)
  if (!countries.has(country)) countries.set(country, countries.size)
  return {
    invoice,
    code,
    description,
    quantity,
    minute: Date.parse(`${date.replace(' ', 'T')}Z`) / 60_000,
    price,
    customer: customer.replace(/\.0$/, ''),
    country: countries.get(country) as number
  }
}

function count(counts: Map<string, number>, text: string) {
  counts.set(text, (counts.get(text) ?? 0) + 1)
}

/** The most frequent first, so that frequent things have short numbers; ties by name. */
function ranked(codes: Map<string, Code>): Code[] {
  return [...codes.values()].sort((a, b) => b.lines - a.lines || (a.name < b.name ? -1 : 1))
}

function rankedTexts(counts: Map<string, number>): string[] {
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([text]) => text)
}

function textOf(rows: Row[], codes: Code[], countries: Map<string, number>): string {
  const sections = Object.fromEntries(sectionNames.map(name => [name, []])) as unknown as Record<SectionName, unknown[]>
  const places = new Map<Code, { code: number; descriptions: Map<string, number>; prices: Map<string, number> }>()
  sections.countries = [...countries.keys()]
  for (const [index, code] of codes.entries()) {
    const descriptions = rankedTexts(code.descriptions)
    const prices = rankedTexts(code.prices)
    sections.codes.push(code.name)
    sections.descriptions.push(descriptions.join('\t'))
    sections.prices.push(prices.join('\t'))
    places.set(code, { code: index, descriptions: indexed(descriptions), prices: indexed(prices) })
  }
  let first: Row | undefined
  let before = 0
  let lines = 0
  for (const row of rows) {
    if (row.invoice !== first?.invoice) {
      if (first) sections['invoice-lines'].push(lines)
      sections['invoice-numbers'].push(row.invoice)
      sections['invoice-minutes'].push(row.minute - before)
      sections['invoice-customers'].push(row.customer)
      sections['invoice-countries'].push(row.country)
      before = row.minute
      first = row
      lines = 0
    }
    lines++
    const place = places.get(row.code)
    sections['line-codes'].push(place?.code)
    sections['line-quantities'].push(row.quantity)
    sections['line-prices'].push(place?.prices.get(row.price))
    sections['line-descriptions'].push(place?.descriptions.get(row.description))
    sections['line-minutes'].push(row.minute - first.minute)
  }
  sections['invoice-lines'].push(lines)
  // Zeros are most of some columns: an empty line is a zero.
  return sectionNames
    .map(name => {
      const isNumeric = /^(invoice|line)-/.test(name)
      const texts = sections[name].map(entry => (isNumeric && entry === 0 ? '' : String(entry)))
      return `== ${name} ${texts.length}\n${texts.map(text => `${text}\n`).join('')}`
    })
    .join('')
}

function indexed(texts: string[]): Map<string, number> {
  return new Map(texts.map((text, index) => [text, index]))
}

function compressed(text: string): Buffer {
  return brotliCompressSync(text, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: Buffer.byteLength(text)
    }
  })
}

if (import.meta.main) {
  const path = argv[2]
  const file = createReadStream(path)
  const bytes: Readable = path.endsWith('.gz') ? file.pipe(createGunzip()) : file
  const packed = compressed(await packRetail(bytes.setEncoding('utf8')))
  writeFileSync(retailFilePath, packed)
}
