import type { ByteReader, ByteWriter } from '../engine/bytes.ts'
import type { CompanionCells } from './companion-cells.ts'
import { FurtherPeople, further, timesMax } from './further-people.ts'

/** How many people it takes before a pair is shown: fewer would show one person's path (Calandrino et al. 2011). */
export const peopleMin = further
const flag = 128

/**
 * Who had each of many things, in the columns `firsts`, `times` and `blocks`: up to four people, by a small hash, with how
 * often each had it, and how often others had it. One more than `peopleMin`, so that two of those known must leave before
 * it is doubtful who the others are: enough to know whether three did, also when some of it is taken back. Two people taken
 * for one only keep a thing hidden a little longer. Most things one person had: only the others have a block for who else
 * did. At most 65,535 rows.
 */
export class People {
  cells: CompanionCells
  readonly #further = new FurtherPeople()

  constructor(cells: CompanionCells) {
    this.cells = cells
  }

  /** Before many rows are read, of which about half have further people. */
  reserve(rows: number): void {
    this.#further.reserve(rows >>> 1)
  }

  /** Beside the columns, in memory. */
  get bytes(): number {
    return this.#further.bytes
  }

  release(): void {
    this.#further.release()
  }

  come(row: number, person: number): void {
    const { firsts, times, blocks } = this.cells
    const who = person & 0xffff
    const isFirst = times[row] > 0 ? firsts[row] === who : !this.#further.knows(blocks[row], who)
    if (isFirst) {
      firsts[row] = who
      if (times[row] < timesMax) times[row]++
      return
    }
    if (blocks[row] === 0) blocks[row] = this.#further.take()
    this.#further.come(blocks[row], who)
  }

  leave(row: number, person: number): void {
    const { firsts, times, blocks } = this.cells
    const who = person & 0xffff
    if (times[row] > 0 && firsts[row] === who) {
      if (times[row] < timesMax) times[row]--
    } else if (blocks[row] > 0) this.#further.leave(blocks[row], who)
  }

  /** How many people; 3 = 3 or more. */
  count(row: number): number {
    const { times, blocks } = this.cells
    const first = times[row] > 0 ? 1 : 0
    return blocks[row] === 0 ? first : Math.min(first + this.#further.count(blocks[row]), peopleMin)
  }

  clear(row: number): void {
    this.cells.times[row] = 0
    this.#giveBack(row)
  }

  move(from: number, to: number): void {
    if (from === to) return
    const { firsts, times, blocks } = this.cells
    this.#giveBack(to)
    firsts[to] = firsts[from]
    times[to] = times[from]
    blocks[to] = blocks[from]
    blocks[from] = 0
  }

  /** Writes a row, and a flag with it. */
  write(out: ByteWriter, row: number, isFlagged: boolean): void {
    const { firsts, times, blocks } = this.cells
    const isTaken = times[row] > 0
    const others = blocks[row] === 0 ? 0 : this.#further.taken(blocks[row])
    out.u8((isFlagged ? flag : 0) | (others << 1) | (isTaken ? 1 : 0))
    if (isTaken) out.u16(firsts[row]).varint(times[row])
    if (others > 0) this.#further.write(out, blocks[row], others)
  }

  /** Reads a row, which must be clear, and returns the flag. */
  read(input: ByteReader, row: number): boolean {
    const { firsts, times, blocks } = this.cells
    const first = input.u8()
    const others = (first & ~flag) >> 1
    if ((first & 1) !== 0) {
      firsts[row] = input.u16()
      times[row] = Math.min(input.varint(), timesMax)
    }
    if (others > 0) {
      blocks[row] = this.#further.take()
      this.#further.read(input, blocks[row], others)
    }
    return (first & flag) !== 0
  }

  #giveBack(row: number): void {
    const { blocks } = this.cells
    if (blocks[row] === 0) return
    this.#further.giveBack(blocks[row])
    blocks[row] = 0
  }
}
