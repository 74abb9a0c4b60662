import { OutgrownColumns } from './columns.ts'

/** Bytes of a row in all columns. */
export const cellBytes = 14
const outgrownBytesMax = 4 << 20

/** The columns of a list of companions, in one buffer: lists are many, and a buffer costs as much as thirty rows. */
export interface CompanionCells {
  /** What the pair weighs. */
  weights: Float32Array<ArrayBuffer>
  /** Number of the item. */
  items: Int32Array<ArrayBuffer>
  /** Hash of the first person who had both. */
  firsts: Uint16Array<ArrayBuffer>
  /** Block of further people; 0: none. */
  blocks: Uint16Array<ArrayBuffer>
  /** How often the first person had both; 0: nobody is first. */
  times: Uint8Array<ArrayBuffer>
  /** How many people had both (bits 0 and 1; 3 = 3 or more), and whether that changed since it was stored (bit 7). */
  marks: Uint8Array<ArrayBuffer>
}

const outgrown = new OutgrownColumns<CompanionCells>(rows => {
  const buffer = new ArrayBuffer(rows * cellBytes)
  return {
    weights: new Float32Array(buffer, 0, rows),
    items: new Int32Array(buffer, rows * 4, rows),
    firsts: new Uint16Array(buffer, rows * 8, rows),
    blocks: new Uint16Array(buffer, rows * 10, rows),
    times: new Uint8Array(buffer, rows * 12, rows),
    marks: new Uint8Array(buffer, rows * 13, rows)
  }
}, outgrownBytesMax)

/** All zero. `rows` is even. */
export function companionCells(rows: number): CompanionCells {
  return outgrown.columns(rows)
}

/** They must not be used any more. */
export function releaseCells(cells: CompanionCells): void {
  outgrown.keep(cells, cells.items.length)
}

/** With more rows; `cells` must not be used any more. */
export function grownCells(cells: CompanionCells, rows: number): CompanionCells {
  return outgrown.grown(cells, cells.items.length, rows)
}
