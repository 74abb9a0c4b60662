import type { CompanionColumns } from './companion-columns.ts'
import { heaviestFirst, type Order } from './heaviest.ts'
import { peopleMin } from './people.ts'

/** Used again for every list: lists are cut and shown more often than anything else is done with them. */
let chosen = new Int32Array(1 << 11)
let others = new Int32Array(1 << 11)

/** The heaviest that enough people had, best first, ties by id, as `make` makes them. */
export function heaviestOf<T>(
  columns: CompanionColumns,
  { count, weightMin }: { count: number; weightMin: number },
  make: (product_id: string, weight: number) => T
): T[] {
  const found = heaviestFirst(orderOf(columns), chosen, chooseShown(columns, weightMin), count)
  const list: T[] = []
  for (let i = 0; i < found; i++) list.push(make(columns.idAt(chosen[i]), columns.cells.weights[chosen[i]]))
  return list
}

/** Leaves `keep`: first the heaviest that are shown, then the heaviest of the others. */
export function cutToHeaviest(columns: CompanionColumns, keep: number, weightMin: number): void {
  const order = orderOf(columns)
  const first = heaviestFirst(order, chosen, chooseShown(columns, weightMin), keep)
  const kept = chosen.subarray(0, keep)
  if (others.length < columns.length) others = new Int32Array(columns.length * 2)
  const isShown = new Uint8Array(columns.length)
  for (let i = 0; i < first; i++) isShown[kept[i]] = 1
  let rest = 0
  for (let i = 0; i < columns.length; i++) if (isShown[i] === 0) others[rest++] = i
  const second = heaviestFirst(order, others, rest, keep - first)
  kept.set(others.subarray(0, second), first)
  kept.subarray(0, first + second).sort()
  for (let to = 0; to < first + second; to++) columns.move(kept[to], to)
  columns.length = first + second
}

function orderOf(columns: CompanionColumns): Order {
  return { weights: columns.cells.weights, idAt: i => columns.idAt(i) }
}

/** Puts into `chosen` those that may be shown; returns how many. */
function chooseShown(columns: CompanionColumns, weightMin: number): number {
  const { weights } = columns.cells
  if (chosen.length < columns.length) chosen = new Int32Array(columns.length * 2)
  let count = 0
  for (let i = 0; i < columns.length; i++) {
    if (columns.countAt(i) === peopleMin && weights[i] > weightMin) chosen[count++] = i
  }
  return count
}
