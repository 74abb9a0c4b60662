import type { ByteReader, ByteWriter } from '../engine/bytes.ts'
import { sizeFor } from './columns.ts'
import { type CompanionCells, cellBytes, companionCells, grownCells, releaseCells } from './companion-cells.ts'
import { forgetPlace, forgetPlaces, notePlace, notePlaces, placeOf } from './companion-places.ts'
import { currentNumbers, type IdNumbers, renumber } from './id-numbers.ts'
import { People } from './people.ts'

/** The objects around the columns. */
const ownBytes = 700
const [countBits, changed] = [0x03, 0x80]

/** Companions as columns: which item, what the pair weighs, who had both, and which of them changed since they were stored. */
export class CompanionColumns {
  length = 0
  cells: CompanionCells
  readonly people: People
  numbers: IdNumbers = currentNumbers()

  constructor(capacity: number) {
    this.cells = companionCells(capacity)
    this.people = new People(this.cells)
  }

  /** In memory, about. */
  get bytes(): number {
    return this.cells.items.length * cellBytes + this.people.bytes + ownBytes
  }

  /** How many people had both, 3 = 3 or more: kept, since it is looked at for all companions whenever the list is shown. */
  countAt(i: number): number {
    return this.cells.marks[i] & countBits
  }

  /** The people of a companion, or its weight, are others now. */
  changed(i: number): void {
    this.cells.marks[i] = this.people.count(i) | changed
  }

  /** Nothing has changed since it was stored. */
  stored(): void {
    const { marks } = this.cells
    for (let i = 0; i < this.length; i++) marks[i] &= countBits
  }

  idAt(i: number): string {
    return this.numbers.ids[this.cells.items[i]]
  }

  /** Where the item is, in a loop over the column; −1 = nowhere. */
  indexOf(number: number): number {
    return this.cells.items.subarray(0, this.length).indexOf(number)
  }

  /** The list is not used any more. */
  release(): void {
    releaseCells(this.cells)
    this.people.release()
  }

  append(number: number): number {
    if (this.length === this.cells.items.length)
      this.people.cells = this.cells = grownCells(this.cells, sizeFor(this.length + 1))
    const at = this.length++
    const { items, weights, marks } = this.cells
    items[at] = number
    weights[at] = 0
    marks[at] = 0
    this.people.clear(at)
    return at
  }

  move(from: number, to: number): void {
    const { items, weights, marks } = this.cells
    items[to] = items[from]
    weights[to] = weights[from]
    marks[to] = marks[from]
    this.people.move(from, to)
  }

  /** The last one takes the place of what is gone. */
  remove(at: number): void {
    const { items } = this.cells
    forgetPlace(items[at])
    const last = --this.length
    if (at === last) return
    this.move(last, at)
    if (placeOf(items[at]) >= 0) notePlace(items[at], at)
  }

  /** From here to `forgetPlaces`, `placeOf` needs no loop. */
  notePlaces(): void {
    notePlaces(this.cells.items, this.length, this.numbers.ids.length)
  }

  forgetPlaces(): void {
    forgetPlaces(this.cells.items, this.length)
  }

  /** Ids in the numbering that is in use now. */
  rebase(): void {
    const now = currentNumbers()
    if (this.numbers === now) return
    renumber(this.cells.items, this.length, this.numbers, now)
    this.numbers = now
  }

  write(out: ByteWriter, i: number): void {
    const weight = this.cells.weights[i]
    const isCount = Number.isInteger(weight) && weight >= 0
    out.string(this.idAt(i))
    this.people.write(out, i, isCount)
    if (isCount) out.varint(weight)
    else out.f32(weight)
  }

  /** What is behind the id, into a row that is clear. */
  read(input: ByteReader, i: number): void {
    const { weights, marks } = this.cells
    weights[i] = this.people.read(input, i) ? input.varint() : input.f32()
    marks[i] = this.people.count(i)
  }

  /** Rows that changed since they were stored. */
  writeChanged(out: ByteWriter): void {
    const { marks } = this.cells
    const rows: number[] = []
    for (let i = 0; i < this.length; i++) if (marks[i] >= changed) rows.push(i)
    out.varint(rows.length)
    for (const i of rows) this.write(out, i)
  }

  readChanged(input: ByteReader): void {
    this.notePlaces()
    for (let left = input.varint(); left > 0; left--) {
      const number = this.numbers.numberOf(input.string())
      const known = placeOf(number)
      const at = known < 0 ? this.append(number) : known
      this.people.clear(at)
      this.read(input, at)
    }
    this.forgetPlaces()
  }
}
