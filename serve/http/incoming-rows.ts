import { setImmediate } from 'node:timers/promises'
import { isObject, jsonText, rowId } from '../../schemas/fields.ts'
import { limits, type Rejection, type TableName } from '../../schemas/http.ts'
import { orderFrom, orderItemFrom, productFrom, userFrom } from '../../schemas/rows.ts'
import type { RowChange, TableRows } from '../ports.ts'
import type { Call } from './call.ts'
import { parsed } from './call.ts'
import { allRejected, rejection } from './incoming-events.ts'
import { Problem } from './problem.ts'

/** Rows per turn of the event loop: answers go in between. */
const rowsPerTurn = 200

interface Table<Row> {
  keyName: string
  keyOf: (row: Row) => string
  from: (json: unknown, now: number) => Row
}

const tables: { [T in TableName]: Table<TableRows[T]> } = {
  products: { keyName: 'product_id', keyOf: row => row.product_id, from: productFrom },
  users: { keyName: 'user_id', keyOf: row => row.user_id, from: userFrom },
  orders: { keyName: 'order_id', keyOf: row => row.order_id, from: orderFrom },
  'order-items': { keyName: 'order_id', keyOf: row => row.order_id, from: orderItemFrom }
}

/** A JSON array, one row, or NDJSON (also where it is sent as `application/json`). Bad rows are told apart. */
export async function rowsFrom<T extends TableName>(
  table: T,
  call: Call,
  now: number
): Promise<{ changes: RowChange<TableRows[T]>[]; rejected: Rejection[] }> {
  const rows = rowsOf(call.text(), call.mediaType() === 'application/json')
  if (rows.length > limits.rowsPerRequest) {
    throw new Problem('too_many_rows', `Send at most ${limits.rowsPerRequest} rows, there are ${rows.length}.`)
  }
  const changes: RowChange<TableRows[T]>[] = []
  const rejected: Rejection[] = []
  for (let index = 0; index < rows.length; index++) {
    try {
      changes.push(changeFrom<TableRows[T]>(table, tables[table], rows[index](), now))
    } catch (error) {
      rejected.push(rejection(index, error))
    }
    if (index % rowsPerTurn === rowsPerTurn - 1) await setImmediate()
  }
  if (changes.length === 0 && rejected.length > 0) throw allRejected(rejected, rows.length === 1)
  return { changes, rejected }
}

/** Rows to be read one by one, since each may be bad in its own way. */
function rowsOf(text: string, isJson: boolean): (() => unknown)[] {
  if (isJson) {
    const trimmed = text.trimStart()
    const isLines = trimmed.startsWith('{') && trimmed.indexOf('\n') > 0
    const value = isLines ? tryParsed(text) : parsed(text)
    if (Array.isArray(value)) return value.map(row => () => sized(row, text.length))
    if (value !== undefined) return [() => sized(value, text.length)]
  }
  const lines = text.split('\n').filter(line => line.trim() !== '')
  return lines.map(line => () => {
    if (line.length > limits.rowBytes) throw tooLarge()
    return parsed(line)
  })
}

function tryParsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // Not one value, so lines of them.
  }
}

function sized(row: unknown, textLength: number): unknown {
  if (textLength > limits.rowBytes && jsonText('The row', row).length > limits.rowBytes) throw tooLarge()
  return row
}

function tooLarge(): Problem {
  return new Problem('row_too_large', `A row has at most ${limits.rowBytes} bytes.`)
}

function changeFrom<Row>(name: TableName, table: Table<Row>, json: unknown, now: number): RowChange<Row> {
  if (!isObject(json) || !('delete' in json)) {
    const row = table.from(json, now)
    return { key: table.keyOf(row), row }
  }
  if (Object.keys(json).length > 1) throw new Problem('invalid_field', 'Beside delete there may be no other field.')
  const gone = json.delete
  if (name !== 'order-items') return { key: rowId('delete', gone), row: null }
  if (!isObject(gone)) {
    throw new Problem('invalid_field', 'A line of an order is deleted by {"delete": {"order_id", "product_id"}}.')
  }
  const row = table.from({ order_id: gone.order_id, product_id: gone.product_id, deleted: true }, now)
  return { key: table.keyOf(row), row }
}
