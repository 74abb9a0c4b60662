import { isAbsent, isObject, type Json } from '../../schemas/fields.ts'
import type { Interaction } from '../../schemas/interaction.ts'
import { interactionFrom, orderFrom, orderItemFrom, productFrom, userFrom } from '../../schemas/rows.ts'
import type { OrderItemRow, OrderRow, ProductRow, UserRow } from '../../schemas/tables.ts'

export interface RowOf {
  events: Interaction
  orders: OrderRow
  'order-items': OrderItemRow
  products: ProductRow
  users: UserRow
}
export type RowType = keyof RowOf

interface RowReader<Row> {
  from(json: unknown, now: number): Row
  /** Fields that a row of no other type before this one has. */
  marks: string[]
  times: (keyof Row & string)[]
}

/** In the order of guessing. */
export const rowReaders: { [T in RowType]: RowReader<RowOf[T]> } = {
  events: { from: interactionFrom, marks: ['event_type'], times: ['ts'] },
  'order-items': { from: orderItemFrom, marks: ['order_id', 'product_id'], times: [] },
  orders: { from: orderFrom, marks: ['order_id'], times: ['order_ts'] },
  products: {
    from: productFrom,
    marks: ['product_id'],
    times: ['available_from', 'available_until', 'created_at', 'updated_at']
  },
  users: { from: userFrom, marks: ['user_id'], times: ['updated_at'] }
}

export const rowTypes = Object.keys(rowReaders) as RowType[]

/** Our field name → the name in the file, by type of row; what is not named is called as we call it. */
export type ColumnNames = Partial<Record<RowType, Record<string, string>>>

export function guessType(json: unknown, columns: ColumnNames): RowType | undefined {
  if (!isObject(json)) return undefined
  return rowTypes.find(type => rowReaders[type].marks.every(mark => json[columns[type]?.[mark] ?? mark] !== undefined))
}

/** The record with the names of its columns turned into ours. */
export function renamed(json: unknown, names: Record<string, string>): unknown {
  if (!isObject(json)) return json
  const ours: Json = { ...json }
  const entries = Object.entries(names)
  for (const [, theirName] of entries) delete ours[theirName]
  for (const [ourName, theirName] of entries) if (json[theirName] !== undefined) ours[ourName] = json[theirName]
  return ours
}

const numbersInContext = new Set(['position', 'price', 'qty', 'seen'])
const truths: Record<string, boolean> = { true: true, false: false }

/**
 * A CSV record as an event: `context` holds JSON, a column `context.device` or any other is one entry of it; numbers
 * and booleans that we know in the context are read as such.
 */
export function eventFromCells(cells: Json): Json {
  const event: Json = {}
  for (const name in cells) {
    const cell = cells[name]
    if (isAbsent(cell)) continue
    const key = name.startsWith('context.') ? name.slice(8) : name
    event[key] = key === 'context' ? contextOf(cell) : entryOf(key, String(cell))
  }
  return event
}

function entryOf(key: string, cell: string): unknown {
  if (numbersInContext.has(key) && Number.isFinite(Number(cell))) return Number(cell)
  return key === 'internal' || key === 'bot' ? (truths[cell.toLowerCase()] ?? cell) : cell
}

/** Text that is no JSON stays text, which reading the event refuses. */
function contextOf(cell: unknown): unknown {
  try {
    return JSON.parse(String(cell))
  } catch {
    return cell
  }
}

/** Adds to every time that stood in the record; a time that reading filled in is now, and stays. */
export function shiftTimes<T extends RowType>(type: T, row: RowOf[T], json: unknown, shiftMs: number) {
  for (const name of rowReaders[type].times) {
    const time = row[name]
    if (typeof time === 'number' && !isAbsent((json as Json)[name])) (row as unknown as Json)[name] = time + shiftMs
  }
}
