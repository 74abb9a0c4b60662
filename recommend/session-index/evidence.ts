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

const nobody = -1

export class Evidence {
  rows = new Int32Array(1024 * rowWords)
  rowOf = new Int32Array(1024)
  /** Words in use: rows are at 0, rowWords, 2·rowWords … */
  used = 0

  get touched(): number {
    return this.used / rowWords
  }

  /** `items`: so many there are in the index. */
  begin(items: number): void {
    const { rows, used } = this
    for (let row = 0; row < used; row += rowWords) rows[row + rowItem] = nobody
    if (this.used === 0) rows.fill(nobody)
    this.used = 0
    if (items > this.rowOf.length) this.rowOf = longer(this.rowOf, items)
  }

  /** Rows that may take so many new items without moving. */
  reserve(items: number): Int32Array {
    const room = this.used + items * rowWords
    if (room > this.rows.length) {
      const before = this.rows.length
      this.rows = longer(this.rows, room)
      this.rows.fill(nobody, before)
    }
    return this.rows
  }

  /** After `reserve`; the item has no row yet. */
  add(item: number): number {
    const row = this.used
    const { rows } = this
    rows.fill(0, row, row + rowWords)
    rows[row + rowItem] = item
    this.rowOf[item] = row
    this.used += rowWords
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
