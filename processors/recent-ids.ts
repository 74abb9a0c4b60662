import type { ByteReader, ByteWriter } from '../engine/bytes.ts'
import { hashOf, secondHashOf } from './hash.ts'

const startCapacity = 8

/** The newest ids with their times, as 64-bit hashes: a chance of 1 in 10^16 to take a new id for a known one. */
export class RecentIds {
  #first: Int32Array
  #second: Int32Array
  #times: Float64Array
  #length = 0
  /** Where the oldest stands once the bound is reached. */
  #oldest = 0

  constructor(capacity = startCapacity) {
    this.#first = new Int32Array(capacity)
    this.#second = new Int32Array(capacity)
    this.#times = new Float64Array(capacity)
  }

  /** Adds the id and says false, or says true if it stands here within `windowMs`. */
  seenBefore(id: string, timestamp: number, { windowMs, idsMax }: { windowMs: number; idsMax: number }): boolean {
    const first = hashOf(id)
    const second = secondHashOf(id)
    for (let at = this.#first.indexOf(first); at >= 0 && at < this.#length; at = this.#first.indexOf(first, at + 1)) {
      if (this.#second[at] === second && Math.abs(timestamp - this.#times[at]) <= windowMs) return true
    }
    this.#put(this.#place(idsMax), first, second, timestamp)
    return false
  }

  /** For people and digests: hash and time of each. */
  toJSON(): string[] {
    const hex = (half: number) => (half >>> 0).toString(16).padStart(8, '0')
    return Array.from(
      { length: this.#length },
      (_, i) => `${hex(this.#first[i])}${hex(this.#second[i])} ${this.#times[i]}`
    ).sort()
  }

  write(out: ByteWriter): void {
    out.varint(this.#length).varint(this.#oldest)
    for (let i = 0; i < this.#length; i++) out.i32(this.#first[i]).i32(this.#second[i]).zigzag(this.#times[i])
  }

  static read(input: ByteReader): RecentIds {
    const length = input.varint()
    const ids = new RecentIds(Math.max(startCapacity, length))
    ids.#length = length
    ids.#oldest = input.varint()
    for (let i = 0; i < length; i++) ids.#put(i, input.i32(), input.i32(), input.zigzag())
    return ids
  }

  #place(idsMax: number): number {
    if (this.#length < idsMax) {
      if (this.#length === this.#first.length) this.#grow(Math.min(idsMax, this.#length * 2))
      return this.#length++
    }
    const place = this.#oldest
    this.#oldest = (place + 1) % idsMax
    return place
  }

  #put(place: number, first: number, second: number, timestamp: number): void {
    this.#first[place] = first
    this.#second[place] = second
    this.#times[place] = timestamp
  }

  #grow(capacity: number): void {
    const grown = new RecentIds(capacity)
    grown.#first.set(this.#first)
    grown.#second.set(this.#second)
    grown.#times.set(this.#times)
    this.#first = grown.#first
    this.#second = grown.#second
    this.#times = grown.#times
  }
}
