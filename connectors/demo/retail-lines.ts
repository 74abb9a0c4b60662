import type { RetailFile } from './retail-file.ts'

/** What a line of the data is. Exactly one of them; counts of each are in docs/demo-shop.md. */
export const lineKinds = ['not-a-product', 'cancellation', 'write-off', 'free', 'sale'] as const
export type LineKind = (typeof lineKinds)[number]

export const sale = lineKinds.indexOf('sale')
export const cancellation = lineKinds.indexOf('cancellation')

/** Numbers that look like products and are services: a gift voucher, carriage, packing, an image. */
const services = new Set(['22016', '23444', '23574', '23702'])

/**
 * A product's code is five digits and perhaps a letter or two. All else is none: POST, DOT, C2 (carriage), M (manual), D
 * (discount), S (samples), B (bad debt), BANK CHARGES, AMAZONFEE, CRUK, PADS, gift_* and DCGS*, whose few lines are
 * mostly without a description and a price.
 */
export function isProductCode(code: string): boolean {
  return /^\d{5}[A-Z]{0,2}$/i.test(code) && !services.has(code)
}

/** The kind of every line, as its index in `lineKinds`. */
export function kindsOfLines({ codes, prices, invoices, lines }: RetailFile): Uint8Array {
  const isProduct = codes.map(isProductCode)
  const isPriced = prices.map(texts => texts.map(text => Number(text) > 0))
  const kinds = new Uint8Array(lines.count)
  for (let invoice = 0; invoice < invoices.count; invoice++) {
    const isCancellation = invoices.numbers[invoice].startsWith('C')
    for (let line = invoices.firstLines[invoice]; line < invoices.firstLines[invoice + 1]; line++) {
      const code = lines.codes[line]
      if (!isProduct[code]) kinds[line] = lineKinds.indexOf('not-a-product')
      else if (isCancellation) kinds[line] = cancellation
      // Stock that was damaged, lost or found: no customer, no price, a word where the description should be.
      else if (lines.quantities[line] <= 0) kinds[line] = lineKinds.indexOf('write-off')
      else if (!isPriced[code][lines.prices[line]]) kinds[line] = lineKinds.indexOf('free')
      else kinds[line] = sale
    }
  }
  return kinds
}
