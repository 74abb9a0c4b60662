import type { CompanionColumns } from './companion-columns.ts'
import { heaviest, type Order } from './heaviest.ts'
import { peopleMin } from './people.ts'

export interface Companion {
  product_id: string
  weight: number
  people: number
}

/** The heaviest that enough people had, best first, ties by id. */
export function heaviestOf(columns: CompanionColumns, count: number, weightMin: number): Companion[] {
  return heaviest(orderOf(columns), shown(columns, weightMin), count).map(i => ({
    product_id: columns.idAt(i),
    weight: columns.cells.weights[i],
    people: peopleMin
  }))
}

/** Leaves `keep`: first the heaviest that are shown, then the heaviest of the others. */
export function cutToHeaviest(columns: CompanionColumns, keep: number, weightMin: number): void {
  const { length } = columns
  const order = orderOf(columns)
  const kept = new Uint8Array(length)
  const first = heaviest(order, shown(columns, weightMin), keep)
  for (const place of first) kept[place] = 1
  const others: number[] = []
  for (let i = 0; i < length; i++) if (kept[i] === 0) others.push(i)
  for (const place of heaviest(order, others, keep - first.length)) kept[place] = 1
  let to = 0
  for (let from = 0; from < length; from++) if (kept[from] === 1) columns.move(from, to++)
  columns.length = to
}

function orderOf(columns: CompanionColumns): Order {
  return { weights: columns.cells.weights, idAt: i => columns.idAt(i) }
}

function shown(columns: CompanionColumns, weightMin: number): number[] {
  const { weights } = columns.cells
  const places: number[] = []
  for (let i = 0; i < columns.length; i++) {
    if (columns.countAt(i) === peopleMin && weights[i] > weightMin) places.push(i)
  }
  return places
}
