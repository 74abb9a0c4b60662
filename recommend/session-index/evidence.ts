import { longer } from './longer.ts'

/**
 * The sums a0 … a11 of every item touched by a question. Rows lie one after the other, a cache line each, in order of
 * first touch; `rowOf` says where an item's row would be, and the row itself whether it is. So scratch is one word per
 * item of the index, and the rows of one question.
 */
export const sum = {
  /** V-SKNN. */
  neighbour: 0,
  /** Short neighbours say more. */
  cosine: 1,
  after: 2,
  before: 3,
  rule: 4,
  recentRule: 5,
  markov: 6,
  secondOrder: 7,
  reverse: 8,
  previousRule: 9,
  secondHop: 10,
  /** Recent neighbours say more. */
  recent: 11
} as const
export const sums = 12
export const rowWords = 16
/** Further words of a row. */
export const rowItem = 12
/** Neighbour that has already added its once-per-session parts. */
export const rowMark = 13
/** Number among the session's own items, counted from 1; 0 for all others. */
export const rowOwn = 14

/** Before the first row lies one of nobody's, where `rowOf` may point in vain. */
export const firstRow = 1 * rowWords
const nobody = -1

export class Evidence {
  /** All 0 behind `used`. */
  rows = new Int32Array(1024 * rowWords)
  rowOf = new Int32Array(1024)
  /** End of the rows in use, which begin at `firstRow`. */
  used = firstRow

  constructor() {
    this.rows[rowItem] = nobody
  }

  get touched(): number {
    return (this.used - firstRow) / rowWords
  }

  /** `items`: so many there are in the index. */
  begin(items: number): void {
    this.rows.fill(0, firstRow, this.used)
    this.used = firstRow
    if (items > this.rowOf.length) this.rowOf = longer(this.rowOf, items)
    // A row of zeros reads as that of item 0: it alone must not point at one.
    this.rowOf[0] = 0
  }

  /** Rows that may take so many new items without moving. */
  reserve(items: number): Int32Array {
    const room = this.used + items * rowWords
    if (room > this.rows.length) this.rows = longer(this.rows, room)
    return this.rows
  }

  /** After `reserve`; the item has no row yet. */
  add(item: number): number {
    const row = this.used
    this.rows[row + rowItem] = item
    this.rowOf[item] = row
    this.used = row + rowWords
    return row
  }

  /** −1: not touched. */
  find(item: number): number {
    const row = this.rowOf[item]
    return this.rows[row + rowItem] === item ? row : -1
  }

  get bytes(): number {
    return (this.rows.length + this.rowOf.length) * 4
  }
}
