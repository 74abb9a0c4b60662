import type { ByteReader, ByteWriter } from '../engine/bytes.ts'
import { grown } from './columns.ts'
import { FurtherPeople, further } from './further-people.ts'

/** How many people it takes before a pair is shown: fewer would show one person's path (Calandrino et al. 2011). */
export const peopleMin = further
const countMax = 0xffff
const flag = 128
/** Columns of a row: its first person, how often, and its block of further people. */
const rowCells = 3

/**
 * Who had each of many things, as columns: up to four people, by a small hash, with how often each had it, and how often
 * others had it. One more than `peopleMin`, so that two of those known must leave before it is doubtful who the others are:
 * enough to know whether three did, also when some of it is taken back. Two people taken for one only keep a thing hidden a
 * little longer. Most things one person had: only the others have a block for who else did. At most 65,535 rows.
 */
export class People {
  #rows: Uint16Array
  readonly #further = new FurtherPeople()

  constructor(capacity: number) {
    this.#rows = new Uint16Array(capacity * rowCells)
  }

  /** Before many rows are read, of which most have further people. */
  reserve(rows: number): void {
    this.#further.reserve(rows)
  }

  /** In memory, about. */
  get bytes(): number {
    return this.#rows.byteLength + this.#further.bytes
  }

  come(row: number, person: number): void {
    const rows = this.#rows
    const who = person & 0xffff
    const at = row * rowCells
    const isFirst = rows[at + 1] > 0 ? rows[at] === who : !this.#further.knows(rows[at + 2], who)
    if (isFirst) {
      rows[at] = who
      if (rows[at + 1] < countMax) rows[at + 1]++
      return
    }
    if (rows[at + 2] === 0) rows[at + 2] = this.#further.take()
    this.#further.come(rows[at + 2], who)
  }

  leave(row: number, person: number): void {
    const rows = this.#rows
    const who = person & 0xffff
    const at = row * rowCells
    if (rows[at + 1] > 0 && rows[at] === who) rows[at + 1]--
    else if (rows[at + 2] > 0) this.#further.leave(rows[at + 2], who)
  }

  /** How many people; 3 = 3 or more. */
  count(row: number): number {
    const at = row * rowCells
    const first = this.#rows[at + 1] > 0 ? 1 : 0
    const block = this.#rows[at + 2]
    return block === 0 ? first : Math.min(first + this.#further.count(block), peopleMin)
  }

  clear(row: number): void {
    this.#rows[row * rowCells + 1] = 0
    this.#giveBack(row)
  }

  move(from: number, to: number): void {
    if (from === to) return
    this.#giveBack(to)
    this.#rows.copyWithin(to * rowCells, from * rowCells, (from + 1) * rowCells)
    this.#rows[from * rowCells + 2] = 0
  }

  grow(capacity: number): void {
    this.#rows = grown(this.#rows, capacity * rowCells)
  }

  /** Writes a row, and a flag with it. */
  write(out: ByteWriter, row: number, isFlagged: boolean): void {
    const at = row * rowCells
    const block = this.#rows[at + 2]
    const isTaken = this.#rows[at + 1] > 0
    const others = block === 0 ? 0 : this.#further.taken(block)
    out.u8((isFlagged ? flag : 0) | (others << 1) | (isTaken ? 1 : 0))
    if (isTaken) out.u16(this.#rows[at]).varint(this.#rows[at + 1])
    if (others > 0) this.#further.write(out, block, others)
  }

  /** Reads a row, which must be clear, and returns the flag. */
  read(input: ByteReader, row: number): boolean {
    const at = row * rowCells
    const first = input.u8()
    const others = (first & ~flag) >> 1
    if ((first & 1) !== 0) {
      this.#rows[at] = input.u16()
      this.#rows[at + 1] = input.varint()
    }
    if (others > 0) {
      this.#rows[at + 2] = this.#further.take()
      this.#further.read(input, this.#rows[at + 2], others)
    }
    return (first & flag) !== 0
  }

  #giveBack(row: number): void {
    const at = row * rowCells + 2
    if (this.#rows[at] === 0) return
    this.#further.giveBack(this.#rows[at])
    this.#rows[at] = 0
  }
}
