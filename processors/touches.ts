import type { ByteReader, ByteWriter } from '../engine/bytes.ts'
import { currentNumbers, type IdNumbers, renumber } from './id-numbers.ts'
import { isOrganic, kindOf, type Touch, typeOf } from './touch.ts'

const startCapacity = 4

/** One person's newest touches in order of (time, item, kind), as columns. The same touch twice stands here twice. */
export class Touches {
  length = 0
  items: Int32Array
  times: Float64Array
  kinds: Uint8Array
  numbers: IdNumbers = currentNumbers()

  constructor(capacity = startCapacity) {
    this.items = new Int32Array(capacity)
    this.times = new Float64Array(capacity)
    this.kinds = new Uint8Array(capacity)
  }

  typeAt(i: number): number {
    return typeOf(this.kinds[i])
  }

  isOrganicAt(i: number): boolean {
    return isOrganic(this.kinds[i])
  }

  itemAt(i: number): string {
    return this.numbers.ids[this.items[i]]
  }

  /** With numbers that have room: once before a record is processed, so that they stay the same meanwhile. */
  rebased(): this {
    const now = currentNumbers()
    if (this.numbers !== now) renumber(this.items, this.length, this.numbers, now)
    this.numbers = now
    return this
  }

  add(touch: Touch): void {
    const item = this.numbers.numberOf(touch.product_id)
    const kind = kindOf(touch)
    const at = this.#placeOf(touch.ts, touch.product_id, kind)
    if (this.length === this.items.length) this.#grow(this.length * 2)
    if (at < this.length) {
      this.items.copyWithin(at + 1, at, this.length)
      this.times.copyWithin(at + 1, at, this.length)
      this.kinds.copyWithin(at + 1, at, this.length)
    }
    this.items[at] = item
    this.times[at] = touch.ts
    this.kinds[at] = kind
    this.length++
  }

  /** Takes out one such touch; false if there is none. */
  remove(touch: Touch): boolean {
    const kind = kindOf(touch)
    const at = this.#placeOf(touch.ts, touch.product_id, kind)
    const isThere =
      at < this.length && this.times[at] === touch.ts && this.kinds[at] === kind && this.itemAt(at) === touch.product_id
    if (isThere) this.#drop(at, 1)
    return isThere
  }

  /** Adds those that are not here any more, so that they can be taken back like the others. */
  bringBack(gone: readonly Touch[]): void {
    const missing = gone.filter(touch => !this.remove(touch))
    const present = gone.filter(touch => !missing.includes(touch))
    for (const touch of [...present, ...missing]) this.add(touch)
  }

  /** Forgets the oldest until `touchesMax` are left. */
  cut(touchesMax: number): void {
    if (this.length > touchesMax) this.#drop(0, this.length - touchesMax)
  }

  /** The first touch not before `ts`. */
  from(ts: number): number {
    let low = 0
    let high = this.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.times[middle] < ts) low = middle + 1
      else high = middle
    }
    return low
  }

  /** For people and digests. */
  toJSON(): { product_id: string; ts: number; kind: number }[] {
    return Array.from({ length: this.length }, (_, i) => ({
      product_id: this.itemAt(i),
      ts: this.times[i],
      kind: this.kinds[i]
    }))
  }

  write(out: ByteWriter): void {
    out.varint(this.length)
    let last = 0
    for (let i = 0; i < this.length; i++) {
      out
        .string(this.itemAt(i))
        .zigzag(this.times[i] - last)
        .u8(this.kinds[i])
      last = this.times[i]
    }
  }

  static read(input: ByteReader): Touches {
    const length = input.varint()
    const touches = new Touches(Math.max(startCapacity, length))
    touches.length = length
    let last = 0
    for (let i = 0; i < length; i++) {
      touches.items[i] = touches.numbers.numberOf(input.string())
      last = touches.times[i] = last + input.zigzag()
      touches.kinds[i] = input.u8()
    }
    return touches
  }

  #placeOf(ts: number, id: string, kind: number): number {
    let low = this.from(ts)
    let high = this.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#isBefore(middle, ts, id, kind)) low = middle + 1
      else high = middle
    }
    return low
  }

  #isBefore(i: number, ts: number, id: string, kind: number): boolean {
    if (this.times[i] !== ts) return this.times[i] < ts
    const other = this.itemAt(i)
    return other === id ? this.kinds[i] < kind : other < id
  }

  #drop(at: number, count: number): void {
    this.items.copyWithin(at, at + count, this.length)
    this.times.copyWithin(at, at + count, this.length)
    this.kinds.copyWithin(at, at + count, this.length)
    this.length -= count
  }

  #grow(capacity: number): void {
    const grown = new Touches(capacity)
    grown.items.set(this.items)
    grown.times.set(this.times)
    grown.kinds.set(this.kinds)
    this.items = grown.items
    this.times = grown.times
    this.kinds = grown.kinds
  }
}
