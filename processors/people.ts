import type { ByteReader, ByteWriter } from '../engine/bytes.ts'

/** How many people it takes before a pair is shown: fewer would show one person's path (Calandrino et al. 2011). */
export const peopleMin = 3
/** One more, so that two of those known must leave before it is doubtful who the others are. */
const slots = peopleMin + 1
const countMax = 0xffff
const flag = 128

/** Columns of a row: its first person, how often, and its block plus 1; 0 = it has none. */
const rowCells = 3
const further = slots - 1
/** Columns of a block: the further people, how often each of them, how often all others. */
const blockCells = further + slots
const noBlocks = new Uint16Array(0)

/**
 * Who had each of many things, as columns: up to four people, by a small hash, with how often each had it, and how often
 * others had it. That is enough to know whether three did, also when some of it is taken back. Two people taken for one
 * only keep a thing hidden a little longer. Most things one person had: the others have a block for who else did. At most
 * 65,535 rows.
 */
export class People {
  #rows: Uint16Array
  #blocks: Uint16Array = noBlocks
  #blocksUsed = 0
  /** Blocks given back: the last one plus 1, which names the one before in its first column; 0 = none. */
  #given = 0

  constructor(capacity: number) {
    this.#rows = new Uint16Array(capacity * rowCells)
  }

  /** In memory, about. */
  get bytes(): number {
    return this.#rows.byteLength + this.#blocks.byteLength
  }

  come(row: number, person: number): void {
    const rows = this.#rows
    const who = person & 0xffff
    const at = row * rowCells
    const isFirst = rows[at + 1] > 0 ? rows[at] === who : this.#placeOf(rows[at + 2], who) < 0
    if (isFirst) {
      rows[at] = who
      if (rows[at + 1] < countMax) rows[at + 1]++
      return
    }
    if (rows[at + 2] === 0) rows[at + 2] = this.#take()
    const known = this.#placeOf(rows[at + 2], who)
    const place = known < 0 ? this.#settle(rows[at + 2], who) : known
    if (this.#blocks[place] < countMax) this.#blocks[place]++
  }

  leave(row: number, person: number): void {
    const rows = this.#rows
    const who = person & 0xffff
    const at = row * rowCells
    if (rows[at + 1] > 0 && rows[at] === who) {
      rows[at + 1]--
      return
    }
    const block = rows[at + 2]
    if (block === 0) return
    const known = this.#placeOf(block, who)
    const place = known < 0 ? countsOf(block) + further : known
    if (this.#blocks[place] > 0) this.#blocks[place]--
  }

  /** How many people; 3 = 3 or more. */
  count(row: number): number {
    const at = row * rowCells
    let people = this.#rows[at + 1] > 0 ? 1 : 0
    const block = this.#rows[at + 2]
    if (block === 0) return people
    const counts = countsOf(block)
    for (let i = counts; i <= counts + further; i++) if (this.#blocks[i] > 0) people++
    return Math.min(people, peopleMin)
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
    const taken = (this.#rows[at + 1] > 0 ? 1 : 0) | (block === 0 ? 0 : this.#takenIn(block))
    out.u8(isFlagged ? taken | flag : taken)
    if ((taken & 1) !== 0) out.u16(this.#rows[at]).varint(this.#rows[at + 1])
    for (let i = 0; taken >> (i + 1) !== 0; i++) {
      if (((taken >> (i + 1)) & 1) === 0) continue
      if (i < further) out.u16(this.#blocks[countsOf(block) - further + i])
      out.varint(this.#blocks[countsOf(block) + i])
    }
  }

  /** Reads a row, which must be clear, and returns the flag. */
  read(input: ByteReader, row: number): boolean {
    const at = row * rowCells
    const first = input.u8()
    const taken = first & ~flag
    if ((taken & 1) !== 0) {
      this.#rows[at] = input.u16()
      this.#rows[at + 1] = input.varint()
    }
    if (taken > 1) {
      const block = this.#take()
      this.#rows[at + 2] = block
      for (let i = 0; i <= further; i++) {
        if (((taken >> (i + 1)) & 1) === 0) continue
        if (i < further) this.#blocks[countsOf(block) - further + i] = input.u16()
        this.#blocks[countsOf(block) + i] = input.varint()
      }
    }
    return (first & flag) !== 0
  }

  /** Which slots behind the first are taken, as bits from the second on. */
  #takenIn(block: number): number {
    let taken = 0
    for (let i = 0; i <= further; i++) if (this.#blocks[countsOf(block) + i] > 0) taken |= 2 << i
    return taken
  }

  /** Where a further person's count is; −1 = nowhere. */
  #placeOf(block: number, who: number): number {
    if (block === 0) return -1
    const counts = countsOf(block)
    for (let i = counts; i < counts + further; i++) {
      if (this.#blocks[i] > 0 && this.#blocks[i - further] === who) return i
    }
    return -1
  }

  /** Gives a further person the first free slot, else that of all others; returns where the count is. */
  #settle(block: number, who: number): number {
    const counts = countsOf(block)
    let place = counts
    while (place < counts + further && this.#blocks[place] > 0) place++
    if (place < counts + further) this.#blocks[place - further] = who
    return place
  }

  #take(): number {
    if (this.#given !== 0) {
      const block = this.#given
      const start = (block - 1) * blockCells
      this.#given = this.#blocks[start]
      this.#blocks.fill(0, start, start + blockCells)
      return block
    }
    const end = ++this.#blocksUsed * blockCells
    if (end > this.#blocks.length) this.#blocks = grown(this.#blocks, roomier(this.#blocksUsed) * blockCells)
    return this.#blocksUsed
  }

  #giveBack(row: number): void {
    const at = row * rowCells + 2
    const block = this.#rows[at]
    if (block === 0) return
    this.#blocks[(block - 1) * blockCells] = this.#given
    this.#given = block
    this.#rows[at] = 0
  }
}

/** Room for a few more than `count`: lists are many and grow slowly, so that doubling would leave half of it empty. */
export const roomier = (count: number) => Math.ceil(count * 1.25) + 4

const countsOf = (block: number) => (block - 1) * blockCells + further

function grown(cells: Uint16Array, length: number): Uint16Array {
  const longer = new Uint16Array(length)
  longer.set(cells)
  return longer
}
