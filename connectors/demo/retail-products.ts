import type { ProductRow } from '../../schemas/tables.ts'
import { categoryOf, collectionOf } from './category-rules.ts'
import type { RetailFile } from './retail-file.ts'
import { sale } from './retail-lines.ts'

export interface RetailProducts {
  /** By product_id. */
  rows: ProductRow[]
  /** Index in `rows` of every code of the file; -1 = not a product that was ever sold. */
  ofCode: Int32Array
}

/** What was sold under one product_id: how many lines with which description and price. */
interface Sales {
  product_id: string
  titles: Map<string, number>
  prices: Map<number, number>
  firstMinute: number
}

/**
 * A product is a code that was sold at a price at least once; upper and lower case are one. Its title is the most
 * frequent description of its sales, its price their median; category, brand and stock are derived.
 */
export function productsOf(file: RetailFile, kinds: Uint8Array, shiftMs: number): RetailProducts {
  const sales = salesOf(file, kinds)
  const products = [...sales.values()].sort((a, b) => (a.product_id < b.product_id ? -1 : 1))
  const indexes = new Map(products.map(({ product_id }, index) => [product_id, index]))
  const opened = file.invoices.minutes[0] * 60_000 + shiftMs
  return {
    rows: products.map(product => rowOf(product, opened, product.firstMinute * 60_000 + shiftMs)),
    ofCode: Int32Array.from(file.codes, code => indexes.get(code.toUpperCase()) ?? -1)
  }
}

function salesOf({ codes, descriptions, prices, invoices, lines }: RetailFile, kinds: Uint8Array): Map<string, Sales> {
  const titleCounts = descriptions.map(texts => new Int32Array(texts.length))
  const priceCounts = prices.map(texts => new Int32Array(texts.length))
  const firstMinutes = new Int32Array(codes.length)
  for (let invoice = 0; invoice < invoices.count; invoice++) {
    for (let line = invoices.firstLines[invoice]; line < invoices.firstLines[invoice + 1]; line++) {
      if (kinds[line] !== sale) continue
      const code = lines.codes[line]
      titleCounts[code][lines.descriptions[line]]++
      priceCounts[code][lines.prices[line]]++
      firstMinutes[code] ||= invoices.minutes[invoice]
    }
  }
  const sales = new Map<string, Sales>()
  for (const [index, code] of codes.entries()) {
    if (firstMinutes[index] === 0) continue
    const product_id = code.toUpperCase()
    const product = sales.get(product_id) ?? {
      product_id,
      titles: new Map(),
      prices: new Map(),
      firstMinute: firstMinutes[index]
    }
    product.firstMinute = Math.min(product.firstMinute, firstMinutes[index])
    addCounts(product.titles, descriptions[index].map(cleanTitle), titleCounts[index])
    addCounts(product.prices, prices[index].map(Number), priceCounts[index])
    sales.set(product_id, product)
  }
  return sales
}

function addCounts<T>(counts: Map<T, number>, names: T[], more: Int32Array) {
  for (const [index, name] of names.entries()) {
    if (more[index] > 0) counts.set(name, (counts.get(name) ?? 0) + more[index])
  }
}

function cleanTitle(description: string): string {
  return description.trim().replace(/\s+/g, ' ')
}

function rowOf({ product_id, titles, prices }: Sales, opened: number, firstSold: number): ProductRow {
  const title = mostFrequent(titles)
  return {
    product_id,
    title,
    description: null,
    category: categoryOf(title),
    brand: collectionOf(title),
    attributes: null,
    price: median(prices),
    stock: pseudoStock(product_id),
    image_url: null,
    // 85123A and 85123B are variants of 85123.
    group_id: product_id.slice(0, 5),
    currency: 'GBP',
    active: true,
    available_in: null,
    available_from: null,
    available_until: null,
    created_at: firstSold,
    updated_at: opened
  }
}

/** Ties go to the first in the alphabet. */
function mostFrequent(titles: Map<string, number>): string {
  return [...titles].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))[0][0]
}

/** The lower median, so that it is a price that was asked. */
function median(prices: Map<number, number>): number {
  const ascending = [...prices].sort(([a], [b]) => a - b)
  const half = ascending.reduce((sum, [, lines]) => sum + lines, 0) / 2
  let below = 0
  const middle = ascending.find(([, lines]) => {
    below += lines
    return below >= half
  })
  return (middle ?? ascending[0])[0]
}

/** The data knows no stock: a hash of the id says 0 for one product in twenty, else 1 to 200. */
function pseudoStock(productId: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < productId.length; i++) hash = Math.imul(hash ^ productId.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  hash = (hash ^ (hash >>> 12)) >>> 0
  return hash % 20 === 0 ? 0 : 1 + ((hash >>> 8) % 200)
}
