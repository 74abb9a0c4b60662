import type { ByteReader, ByteWriter } from '../engine/bytes.ts'

/** How many people it takes before a pair is shown: fewer would show one person's path (Calandrino et al. 2011). */
export const peopleMin = 3
/** One more, so that two of those known must leave before it is doubtful who the others are. */
const slots = peopleMin + 1
const countMax = 0xffff
const flag = 128

/**
 * Who had each of many things, as columns: up to four people, by a small hash, with how often each had it, and how often
 * others had it. That is enough to know whether three did, also when some of it is taken back. Two people taken for one
 * only keep a thing hidden a little longer.
 */
export class People {
  readonly #who: Uint16Array
  /** Per row a count for each in `#who`, and one for all others. */
  readonly #counts: Uint16Array

  constructor(capacity: number) {
    this.#who = new Uint16Array(capacity * slots)
    this.#counts = new Uint16Array(capacity * (slots + 1))
  }

  come(row: number, person: number): void {
    const slot = this.#slotOf(row, person & 0xffff)
    const place = row * (slots + 1) + slot
    if (slot < slots) this.#who[row * slots + slot] = person & 0xffff
    if (this.#counts[place] < countMax) this.#counts[place]++
  }

  leave(row: number, person: number): void {
    const slot = this.#slotOf(row, person & 0xffff)
    const start = row * (slots + 1)
    const isKnown = slot < slots && this.#counts[start + slot] > 0
    const place = start + (isKnown ? slot : slots)
    if (this.#counts[place] > 0) this.#counts[place]--
  }

  /** How many people; 3 = 3 or more. */
  count(row: number): number {
    let people = 0
    const start = row * (slots + 1)
    for (let i = start; i <= start + slots; i++) if (this.#counts[i] > 0) people++
    return Math.min(people, peopleMin)
  }

  clear(row: number): void {
    this.#counts.fill(0, row * (slots + 1), (row + 1) * (slots + 1))
  }

  move(from: number, to: number): void {
    this.#who.copyWithin(to * slots, from * slots, (from + 1) * slots)
    this.#counts.copyWithin(to * (slots + 1), from * (slots + 1), (from + 1) * (slots + 1))
  }

  grown(capacity: number): People {
    const grown = new People(capacity)
    grown.#who.set(this.#who)
    grown.#counts.set(this.#counts)
    return grown
  }

  /** Writes a row, and a flag with it. */
  write(out: ByteWriter, row: number, isFlagged: boolean): void {
    const start = row * (slots + 1)
    let taken = 0
    for (let i = 0; i <= slots; i++) if (this.#counts[start + i] > 0) taken |= 1 << i
    out.u8(isFlagged ? taken | flag : taken)
    for (let i = 0; i <= slots; i++) {
      if ((taken & (1 << i)) === 0) continue
      if (i < slots) out.u16(this.#who[row * slots + i])
      out.varint(this.#counts[start + i])
    }
  }

  /** Reads a row and returns the flag. */
  read(input: ByteReader, row: number): boolean {
    const taken = input.u8()
    for (let i = 0; i <= slots; i++) {
      if ((taken & (1 << i)) === 0) continue
      if (i < slots) this.#who[row * slots + i] = input.u16()
      this.#counts[row * (slots + 1) + i] = input.varint()
    }
    return (taken & flag) !== 0
  }

  /** The slot that the person has, else a free one, else that of all others. */
  #slotOf(row: number, who: number): number {
    const start = row * (slots + 1)
    let free = slots
    for (let i = slots - 1; i >= 0; i--) {
      if (this.#counts[start + i] === 0) free = i
      else if (this.#who[row * slots + i] === who) return i
    }
    return free
  }
}
