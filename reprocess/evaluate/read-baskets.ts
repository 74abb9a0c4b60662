import { stop } from '../../engine/errors.ts'
import { eventsMaxDefault, tooLarge } from './event-columns.ts'
import { linesOf } from './read-events.ts'

export interface Basket {
  id: string
  timeS: number
  /** null: unknown. */
  customer: string | null
  items: Set<string>
}

const columns = ['InvoiceNo', 'StockCode', 'Quantity', 'InvoiceDate', 'UnitPrice', 'CustomerID'] as const

/** Invoices of the data set Online Retail (UCI), oldest first: cancellations, lines without price and codes that are no products left out. */
export async function readBaskets(path: string, linesMax = eventsMaxDefault): Promise<Basket[]> {
  const baskets = new Map<string, Basket>()
  let places: number[] | undefined
  let lines = 0
  for await (const line of linesOf(path)) {
    const cells = cellsOf(line)
    if (places === undefined) {
      places = columns.map(name => cells.indexOf(name))
      if (places.includes(-1)) throw stop('evaluate_format', `${path} needs the columns ${columns.join(', ')}.`)
      continue
    }
    const [invoice, code, quantity, time, price, customer] = places.map(place => cells[place] ?? '')
    const item = code.trim().toUpperCase()
    if (invoice.startsWith('C') || Number(quantity) <= 0 || Number(price) <= 0 || !/^\d{5}/.test(item)) continue
    if (lines++ >= linesMax) throw tooLarge(linesMax)
    let basket = baskets.get(invoice)
    if (!basket) {
      const timeS = secondsOfTime(time)
      if (Number.isNaN(timeS))
        throw stop('evaluate_format', `${path}: invoice ${invoice} is of "${time}", which is not yyyy-mm-dd hh:mm:ss.`)
      basket = { id: invoice, timeS, customer: customer === '' ? null : customer, items: new Set() }
      baskets.set(invoice, basket)
    }
    basket.items.add(item)
  }
  return [...baskets.values()].sort((a, b) => a.timeS - b.timeS || order(a.id, b.id))
}

/** Of `yyyy-mm-dd`, alone or with `hh:mm` or `hh:mm:ss`, as UTC; NaN: it is something else. */
export function secondsOfTime(text: string): number {
  const [, day, time = '00:00'] = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d)?))?$/.exec(text) ?? []
  return day === undefined ? Number.NaN : Date.parse(`${day}T${time}Z`) / 1000
}

function cellsOf(line: string): string[] {
  if (!line.includes('"')) return line.split(',')
  const cells = line.match(/("([^"]|"")*"|[^,]*)(,|$)/g) ?? []
  return cells.map(cell => cell.replace(/,$/, '').replace(/^"(.*)"$/, '$1'))
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
