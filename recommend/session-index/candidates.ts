import { sums } from './evidence.ts'
import { longer } from './longer.ts'

/** What is ranked: rows of the evidence, with the fixed blend's value of each, and the totals over all touched items. */
export class Candidates {
  count = 0
  rows = new Int32Array(256)
  /** By the fixed blend, in the order of `rows`; 0 for items that only the second hop or popularity found. */
  base = new Float64Array(256)
  /** Sum over all touched items of each sum. */
  readonly totals = new Float64Array(sums)

  /** From this place on, nothing but the second hop or popularity speaks for them. */
  joinedFrom = 0

  clear(): void {
    this.count = 0
  }

  add(row: number, base: number): void {
    if (this.count === this.rows.length) {
      this.rows = longer(this.rows, this.count + 1)
      this.base = longer(this.base, this.rows.length)
    }
    this.rows[this.count] = row
    this.base[this.count++] = base
  }
}
