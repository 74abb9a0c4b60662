import type { ByteReader, ByteWriter } from '../engine/bytes.ts'
import { grown, roomier } from './columns.ts'

/** So many people of a thing are known beside its first one. */
export const further = 3
/** Columns of a block: who they are, how often each of them, how often all others. */
const blockCells = further + further + 1
const countMax = 0xffff
const noBlocks = new Uint16Array(0)

/** Blocks of further people, for the rows that have any. Blocks count from 1; 0 is nobody's. */
export class FurtherPeople {
  #cells: Uint16Array = noBlocks
  #used = 0
  /** Given back last; it names the one before in its first column. */
  #given = 0

  get bytes(): number {
    return this.#cells.byteLength
  }

  /** Room for so many blocks at once. */
  reserve(blocks: number): void {
    if (blocks * blockCells > this.#cells.length) this.#cells = grown(this.#cells, blocks * blockCells)
  }

  take(): number {
    if (this.#given === 0) {
      const end = ++this.#used * blockCells
      if (end > this.#cells.length) this.#cells = grown(this.#cells, roomier(this.#used) * blockCells)
      return this.#used
    }
    const block = this.#given
    const start = (block - 1) * blockCells
    this.#given = this.#cells[start]
    this.#cells.fill(0, start, start + blockCells)
    return block
  }

  giveBack(block: number): void {
    this.#cells[(block - 1) * blockCells] = this.#given
    this.#given = block
  }

  knows(block: number, who: number): boolean {
    return this.#placeOf(block, who) >= 0
  }

  /** Whoever finds no slot is one of the others. */
  come(block: number, who: number): void {
    const known = this.#placeOf(block, who)
    const place = known < 0 ? this.#settle(block, who) : known
    if (this.#cells[place] < countMax) this.#cells[place]++
  }

  leave(block: number, who: number): void {
    const known = this.#placeOf(block, who)
    const place = known < 0 ? countsOf(block) + further : known
    if (this.#cells[place] > 0) this.#cells[place]--
  }

  /** How many are there; all others count as one. */
  count(block: number): number {
    const counts = countsOf(block)
    let people = 0
    for (let i = counts; i <= counts + further; i++) if (this.#cells[i] > 0) people++
    return people
  }

  /** Which slots are taken, as bits from the first further one on. */
  taken(block: number): number {
    const counts = countsOf(block)
    let taken = 0
    for (let i = 0; i <= further; i++) if (this.#cells[counts + i] > 0) taken |= 1 << i
    return taken
  }

  write(out: ByteWriter, block: number, taken: number): void {
    const counts = countsOf(block)
    for (let i = 0; i <= further; i++) {
      if (((taken >> i) & 1) === 0) continue
      if (i < further) out.u16(this.#cells[counts - further + i])
      out.varint(this.#cells[counts + i])
    }
  }

  /** Into a block that is empty. */
  read(input: ByteReader, block: number, taken: number): void {
    const counts = countsOf(block)
    for (let i = 0; i <= further; i++) {
      if (((taken >> i) & 1) === 0) continue
      if (i < further) this.#cells[counts - further + i] = input.u16()
      this.#cells[counts + i] = input.varint()
    }
  }

  /** Where a person's count is; −1 = nowhere. */
  #placeOf(block: number, who: number): number {
    if (block === 0) return -1
    const counts = countsOf(block)
    for (let i = counts; i < counts + further; i++) {
      if (this.#cells[i] > 0 && this.#cells[i - further] === who) return i
    }
    return -1
  }

  #settle(block: number, who: number): number {
    const counts = countsOf(block)
    let place = counts
    while (place < counts + further && this.#cells[place] > 0) place++
    if (place < counts + further) this.#cells[place - further] = who
    return place
  }
}

const countsOf = (block: number) => (block - 1) * blockCells + further
