import type { RetailFile } from './retail-file.ts'
import { cancellation, sale } from './retail-lines.ts'

/**
 * Baskets and returns as columns. An item is what one invoice sold of one product: lines of the same product are added
 * up. Orders and returns stand in the order of the file, which is the order of time.
 */
export interface RetailOrders {
  orders: {
    /** Index of the invoice. */
    invoices: number[]
    /** Index of the order's first item; one more entry than orders. */
    firstItems: number[]
  }
  items: {
    count: number
    /** First line of the data that sold it. */
    lines: Int32Array
    products: Int32Array
    quantities: Int32Array
    /** Pounds. */
    values: Float64Array
  }
  returns: {
    invoice: number
    /** Items with the units returned so far, this return included. */
    items: Change[]
    /** Orders of which nothing is left. */
    ordersReturned: number[]
  }[]
  counts: {
    linesMerged: number
    cancellationsMatched: number
    cancellationsPartly: number
    cancellationsIgnored: number
  }
}

interface Change {
  item: number
  order: number
  returned: number
}

/** An item of which units may come back. */
interface Candidate {
  item: number
  order: number
  left: number
}

export function ordersOf(file: RetailFile, kinds: Uint8Array, productOfCode: Int32Array): RetailOrders {
  const { invoices, lines } = file
  const prices = file.prices.map(texts => texts.map(Number))
  const result = emptyOrders(lines.count)
  const { orders, items, counts } = result
  const takeBack = returnsTo(file, kinds, productOfCode, result)
  /** The item of a product within the invoice at hand. */
  const itemOfProduct = new Int32Array(file.codes.length).fill(-1)
  for (const runs of runsByNumber(file).values()) {
    const invoice = runs[0]
    const start = items.count
    let isCancellation = false
    for (const run of runs) {
      for (let line = invoices.firstLines[run]; line < invoices.firstLines[run + 1]; line++) {
        if (kinds[line] === sale) sell(line, start)
        else isCancellation ||= kinds[line] === cancellation
      }
    }
    if (items.count > start) {
      orders.invoices.push(invoice)
      orders.firstItems.push(items.count)
      takeBack.remember(invoice, start)
    } else if (isCancellation) takeBack.cancel(invoice)
  }
  return result

  /** Adds a line to the order whose first item is `start`. */
  function sell(line: number, start: number) {
    const code = lines.codes[line]
    const product = productOfCode[code]
    let item = itemOfProduct[product]
    if (item < start) {
      item = items.count++
      itemOfProduct[product] = item
      items.lines[item] = line
      items.products[item] = product
    } else counts.linesMerged++
    items.quantities[item] += lines.quantities[line]
    items.values[item] += lines.quantities[line] * prices[code][lines.prices[line]]
  }
}

/** The runs of lines of each invoice, in the order of their first lines. */
function runsByNumber({ invoices }: RetailFile): Map<string, number[]> {
  const runs = new Map<string, number[]>()
  for (const [index, number] of invoices.numbers.entries()) {
    const known = runs.get(number)
    if (known) known.push(index)
    else runs.set(number, [index])
  }
  return runs
}

function emptyOrders(linesMax: number): RetailOrders {
  return {
    orders: { invoices: [], firstItems: [0] },
    items: {
      count: 0,
      lines: new Int32Array(linesMax),
      products: new Int32Array(linesMax),
      quantities: new Int32Array(linesMax),
      values: new Float64Array(linesMax)
    },
    returns: [],
    counts: { linesMerged: 0, cancellationsMatched: 0, cancellationsPartly: 0, cancellationsIgnored: 0 }
  }
}

/**
 * A cancelled line takes units back from the same customer's earlier items of the same product, the newest first. What
 * finds no item (bought before the data begins, or by nobody known) is ignored.
 */
function returnsTo(
  file: RetailFile,
  kinds: Uint8Array,
  productOfCode: Int32Array,
  { orders, items, returns, counts }: RetailOrders
) {
  const { invoices, lines } = file
  const keyOf = (invoice: number, product: number) => pairKey(invoices.customers[invoice], product)
  const candidates = cancelledPairs(file, kinds, productOfCode)
  const unitsLeft: number[] = []

  return { remember, cancel }

  function remember(invoice: number, firstItem: number) {
    let units = 0
    for (let item = firstItem; item < items.count; item++) {
      const left = items.quantities[item]
      units += left
      candidates.get(keyOf(invoice, items.products[item]))?.push({ item, order: orders.invoices.length - 1, left })
    }
    unitsLeft.push(units)
  }

  function cancel(invoice: number) {
    const changed = new Map<number, Change>()
    const ordersReturned: number[] = []
    for (let line = invoices.firstLines[invoice]; line < invoices.firstLines[invoice + 1]; line++) {
      if (kinds[line] !== cancellation) continue
      const bought = candidates.get(keyOf(invoice, productOfCode[lines.codes[line]])) ?? []
      const units = -lines.quantities[line]
      const open = takeUnits(bought, units, changed, ordersReturned)
      if (open === 0) counts.cancellationsMatched++
      else if (open < units) counts.cancellationsPartly++
      else counts.cancellationsIgnored++
    }
    if (changed.size > 0) returns.push({ invoice, items: [...changed.values()], ordersReturned })
  }

  /** Takes units of bought items back and returns how many found none. */
  function takeUnits(
    bought: Candidate[],
    units: number,
    changed: Map<number, Change>,
    ordersReturned: number[]
  ): number {
    let open = units
    for (let i = bought.length - 1; i >= 0 && open > 0; i--) {
      const { item, order, left } = bought[i]
      const taken = Math.min(left, open)
      if (taken === 0) continue
      open -= taken
      bought[i].left -= taken
      unitsLeft[order] -= taken
      changed.set(item, { item, order, returned: items.quantities[item] - bought[i].left })
      if (unitsLeft[order] === 0) ordersReturned.push(order)
    }
    return open
  }
}

function pairKey(customer: number, product: number): number {
  return customer * 8192 + product
}

/** Room for the items that may come back, oldest first: only for pairs of customer and product with a cancellation. */
function cancelledPairs({ invoices, lines }: RetailFile, kinds: Uint8Array, productOfCode: Int32Array) {
  const pairs = new Map<number, Candidate[]>()
  for (let invoice = 0; invoice < invoices.count; invoice++) {
    const customer = invoices.customers[invoice]
    if (customer === 0) continue
    for (let line = invoices.firstLines[invoice]; line < invoices.firstLines[invoice + 1]; line++) {
      if (kinds[line] === cancellation) pairs.set(pairKey(customer, productOfCode[lines.codes[line]]), [])
    }
  }
  return pairs
}
