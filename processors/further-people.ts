import type { ByteReader, ByteWriter } from '../engine/bytes.ts'
import { OutgrownColumns, sizeFor } from './columns.ts'

/** So many people of a thing are known beside its first one. */
export const further = 3
/** From here on nobody counts: who had a thing so often stays one of those who had it. */
export const timesMax = 0xff
/** Slots for how often: each of them, and all others. */
const slots = further + 1
const blockBytes = further * 2 + slots
const outgrownBytesMax = 2 << 20

/** Columns of blocks. */
interface Blocks {
  who: Uint16Array<ArrayBuffer>
  times: Uint8Array<ArrayBuffer>
}

function blocksFor(count: number): Blocks {
  const buffer = new ArrayBuffer(count * blockBytes)
  return { who: new Uint16Array(buffer, 0, count * further), times: new Uint8Array(buffer, count * further * 2) }
}

const outgrown = new OutgrownColumns(blocksFor, outgrownBytesMax)
const noBlocks = blocksFor(0)

/** Blocks of further people, for the rows that have any. Blocks count from 1; 0 is nobody's. */
export class FurtherPeople {
  #blocks = noBlocks
  #used = 0
  /** Given back last; it names the one before in its first column. */
  #given = 0

  get bytes(): number {
    return this.#blocks.who.buffer.byteLength
  }

  /** Room for so many blocks at once. */
  reserve(blocks: number): void {
    const capacity = this.#capacity
    if (blocks <= capacity) return
    const size = sizeFor(blocks)
    this.#blocks = capacity === 0 ? outgrown.columns(size) : outgrown.grown(this.#blocks, capacity, size)
  }

  /** They are not used any more. */
  release(): void {
    if (this.#blocks !== noBlocks) outgrown.keep(this.#blocks, this.#capacity)
    this.#blocks = noBlocks
  }

  take(): number {
    if (this.#given === 0) {
      this.reserve(++this.#used)
      return this.#used
    }
    const block = this.#given
    const { who, times } = this.#blocks
    this.#given = who[whoOf(block)]
    who.fill(0, whoOf(block), whoOf(block) + further)
    times.fill(0, timesOf(block), timesOf(block) + slots)
    return block
  }

  giveBack(block: number): void {
    this.#blocks.who[whoOf(block)] = this.#given
    this.#given = block
  }

  knows(block: number, who: number): boolean {
    return block !== 0 && this.#slotOf(block, who) < further
  }

  /** Whoever finds no slot is one of the others. */
  come(block: number, who: number): void {
    let slot = this.#slotOf(block, who)
    if (slot === further) slot = this.#settle(block, who)
    const at = timesOf(block) + slot
    if (this.#blocks.times[at] < timesMax) this.#blocks.times[at]++
  }

  leave(block: number, who: number): void {
    const at = timesOf(block) + this.#slotOf(block, who)
    const times = this.#blocks.times[at]
    if (times > 0 && times < timesMax) this.#blocks.times[at]--
  }

  /** How many are there; all others count as one. */
  count(block: number): number {
    const { times } = this.#blocks
    const start = timesOf(block)
    let people = 0
    for (let i = start; i < start + slots; i++) if (times[i] > 0) people++
    return people
  }

  /** Which slots are taken, as bits from the first further one on. */
  taken(block: number): number {
    const { times } = this.#blocks
    const start = timesOf(block)
    let taken = 0
    for (let slot = 0; slot < slots; slot++) if (times[start + slot] > 0) taken |= 1 << slot
    return taken
  }

  write(out: ByteWriter, block: number, taken: number): void {
    const { who, times } = this.#blocks
    for (let slot = 0; slot < slots; slot++) {
      if (((taken >> slot) & 1) === 0) continue
      if (slot < further) out.u16(who[whoOf(block) + slot])
      out.varint(times[timesOf(block) + slot])
    }
  }

  /** Into a block that is empty. */
  read(input: ByteReader, block: number, taken: number): void {
    const { who, times } = this.#blocks
    for (let slot = 0; slot < slots; slot++) {
      if (((taken >> slot) & 1) === 0) continue
      if (slot < further) who[whoOf(block) + slot] = input.u16()
      times[timesOf(block) + slot] = Math.min(input.varint(), timesMax)
    }
  }

  get #capacity(): number {
    return this.#blocks.who.length / further
  }

  /** Where a person is; `further`: among the others. */
  #slotOf(block: number, person: number): number {
    const { who, times } = this.#blocks
    const [people, counts] = [whoOf(block), timesOf(block)]
    for (let slot = 0; slot < further; slot++) {
      if (who[people + slot] === person && times[counts + slot] > 0) return slot
    }
    return further
  }

  #settle(block: number, person: number): number {
    const { who, times } = this.#blocks
    let slot = 0
    while (slot < further && times[timesOf(block) + slot] > 0) slot++
    if (slot < further) who[whoOf(block) + slot] = person
    return slot
  }
}

const whoOf = (block: number) => (block - 1) * further
const timesOf = (block: number) => (block - 1) * slots
