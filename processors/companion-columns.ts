import type { ByteReader, ByteWriter } from '../engine/bytes.ts'
import { grown, roomier } from './columns.ts'
import { currentNumbers, type IdNumbers, renumber } from './id-numbers.ts'
import { People } from './people.ts'

/** The objects around the columns. */
const ownBytes = 700

/** Where a companion of the list at hand stands, plus 1, by its number; all 0 but between `notePlaces` and `forgetPlaces`. */
let places = new Int32Array(1 << 12)

/** Companions as columns: which item, what the pair weighs, who had both, and which of them changed since they were stored. */
export class CompanionColumns {
  length = 0
  items: Int32Array
  weights: Float32Array
  readonly people: People
  numbers: IdNumbers = currentNumbers()
  /** How many people had both, 3 = 3 or more: looked at for all companions whenever the list is shown. */
  counts: Uint8Array
  isChanged: Uint8Array

  constructor(capacity: number) {
    this.items = new Int32Array(capacity)
    this.weights = new Float32Array(capacity)
    this.people = new People(capacity)
    this.counts = new Uint8Array(capacity)
    this.isChanged = new Uint8Array(capacity)
  }

  /** In memory, about. */
  get bytes(): number {
    return this.items.byteLength + this.weights.byteLength + this.counts.byteLength * 2 + this.people.bytes + ownBytes
  }

  idAt(i: number): string {
    return this.numbers.ids[this.items[i]]
  }

  /** Where the item is, in a loop over the column; −1 = nowhere. */
  indexOf(number: number): number {
    return this.items.subarray(0, this.length).indexOf(number)
  }

  append(number: number): number {
    if (this.length === this.items.length) this.#grow(roomier(this.length))
    const at = this.length++
    this.items[at] = number
    this.weights[at] = 0
    this.isChanged[at] = 0
    this.counts[at] = 0
    this.people.clear(at)
    return at
  }

  move(from: number, to: number): void {
    this.items[to] = this.items[from]
    this.weights[to] = this.weights[from]
    this.isChanged[to] = this.isChanged[from]
    this.counts[to] = this.counts[from]
    this.people.move(from, to)
  }

  /** The last one takes the place of what is gone. */
  remove(at: number): void {
    places[this.items[at]] = 0
    const last = --this.length
    if (at === last) return
    this.move(last, at)
    if (places[this.items[at]] !== 0) places[this.items[at]] = at + 1
  }

  /** From here to `forgetPlaces`, `placeOf` needs no loop. */
  notePlaces(): void {
    if (places.length < this.numbers.ids.length) places = new Int32Array(this.numbers.ids.length * 2)
    for (let i = 0; i < this.length; i++) places[this.items[i]] = i + 1
  }

  notePlace(number: number, at: number): void {
    places[number] = at + 1
  }

  placeOf(number: number): number {
    return number < places.length ? places[number] - 1 : -1
  }

  forgetPlaces(): void {
    for (let i = 0; i < this.length; i++) places[this.items[i]] = 0
  }

  /** Ids in the numbering that is in use now. */
  rebase(): void {
    const now = currentNumbers()
    if (this.numbers === now) return
    renumber(this.items, this.length, this.numbers, now)
    this.numbers = now
  }

  write(out: ByteWriter, i: number): void {
    const weight = this.weights[i]
    const isCount = Number.isInteger(weight) && weight >= 0
    out.string(this.idAt(i))
    this.people.write(out, i, isCount)
    if (isCount) out.varint(weight)
    else out.f32(weight)
  }

  /** What is behind the id, into a row that is clear. */
  read(input: ByteReader, i: number): void {
    this.weights[i] = this.people.read(input, i) ? input.varint() : input.f32()
    this.counts[i] = this.people.count(i)
  }

  /** Rows that changed since they were stored. */
  writeChanged(out: ByteWriter): void {
    const changed: number[] = []
    for (let i = 0; i < this.length; i++) if (this.isChanged[i] === 1) changed.push(i)
    out.varint(changed.length)
    for (const i of changed) this.write(out, i)
  }

  readChanged(input: ByteReader): void {
    this.notePlaces()
    for (let left = input.varint(); left > 0; left--) {
      const number = this.numbers.numberOf(input.string())
      const known = this.placeOf(number)
      const at = known < 0 ? this.append(number) : known
      this.people.clear(at)
      this.read(input, at)
    }
    this.forgetPlaces()
  }

  #grow(capacity: number): void {
    this.items = grown(this.items, capacity)
    this.weights = grown(this.weights, capacity)
    this.isChanged = grown(this.isChanged, capacity)
    this.counts = grown(this.counts, capacity)
    this.people.grow(capacity)
  }
}
