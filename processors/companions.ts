import type { ByteReader, ByteWriter } from '../engine/bytes.ts'
import { sizeFor } from './columns.ts'
import { CompanionColumns } from './companion-columns.ts'
import { notePlace, placeOf } from './companion-places.ts'
import { cutToHeaviest, heaviestOf } from './heaviest-companions.ts'
import { numbersOf } from './id-numbers.ts'

const startCapacity = 8
const few = 4
/** A list scaled more often than this between two commits is written whole. */
const factorsMax = 64

export interface Meeting {
  /** The item whose list this is: no companion of its own. */
  self: string
  /** What one more of a pair weighs, or, where it is taken back, one less. */
  weight: number
  isGone?: boolean
  /** Hash of who it was. */
  person: number
}

/**
 * What an item goes together with: for each companion a sum and who had both. Beyond twice `keep` companions it is cut to
 * `keep`.
 */
export class Companions {
  readonly #columns: CompanionColumns
  /** Since it was stored: what all weights were multiplied by, and whether more changed than can be told one by one. */
  #factors: number[] = []
  #isRewritten = true

  constructor(capacity = startCapacity) {
    this.#columns = new CompanionColumns(capacity)
  }

  get length(): number {
    return this.#columns.length
  }

  /** In memory, about. */
  get bytes(): number {
    return this.#columns.bytes
  }

  /** Adds to, or takes from, each of `ids` but `self`. What nobody had any more is forgotten. */
  add(ids: readonly string[], meeting: Meeting): void {
    const columns = this.#columns
    columns.rebase()
    if (ids.length <= few) this.#addFew(ids, meeting)
    else this.#addMany(numbersOf(ids, columns.numbers), meeting)
  }

  scale(factor: number): void {
    const { cells, length } = this.#columns
    const { weights } = cells
    for (let i = 0; i < length; i++) weights[i] *= factor
    if (this.#factors.push(factor) > factorsMax) this.#isRewritten = true
  }

  /**
   * With more than twice `keep`, leaves `keep`: first the heaviest that are shown, then the heaviest of the others. So
   * newcomers have as many places to prove themselves in.
   */
  cut(keep: number, weightMin: number): void {
    if (this.length <= keep * 2) return
    this.#isRewritten = true
    cutToHeaviest(this.#columns, keep, weightMin)
  }

  /** The heaviest that enough people had, best first, ties by id, as `make` makes them. */
  best<T>(bounds: { count: number; weightMin: number }, make: (product_id: string, weight: number) => T): T[] {
    return heaviestOf(this.#columns, bounds, make)
  }

  /** For people and digests: by id, with how many people had both, 3 = 3 or more. */
  toJSON(): { product_id: string; weight: number; people: number }[] {
    const columns = this.#columns
    return Array.from({ length: columns.length }, (_, i) => ({
      product_id: columns.idAt(i),
      weight: columns.cells.weights[i],
      people: columns.countAt(i)
    })).sort((a, b) => (a.product_id < b.product_id ? -1 : 1))
  }

  write(out: ByteWriter): void {
    const columns = this.#columns
    out.varint(columns.length)
    for (let i = 0; i < columns.length; i++) columns.write(out, i)
  }

  static read(input: ByteReader): Companions {
    const length = input.varint()
    const list = new Companions(sizeFor(length))
    const columns = list.#columns
    columns.people.reserve(length)
    for (let i = 0; i < length; i++) columns.read(input, columns.append(columns.numbers.numberOf(input.string())))
    return list
  }

  /** Writes what has changed since it was last stored; false = the list is to be written whole. */
  writeDelta(out: ByteWriter): boolean {
    if (this.#isRewritten) return false
    out.u8(this.#factors.length)
    for (const factor of this.#factors) out.f64(factor)
    this.#columns.writeChanged(out)
    return true
  }

  applyDelta(input: ByteReader): void {
    for (let left = input.u8(); left > 0; left--) this.scale(input.f64())
    this.#columns.readChanged(input)
  }

  /** Everything is stored as it is now. */
  stored(): void {
    this.#columns.stored()
    if (this.#factors.length > 0) this.#factors = []
    this.#isRewritten = false
  }

  /** Nobody uses the list any more. */
  release(): void {
    this.#columns.release()
  }

  #addFew(ids: readonly string[], { self, weight, isGone, person }: Meeting): void {
    const columns = this.#columns
    for (const id of ids) {
      if (id === self) continue
      const number = columns.numbers.numberOf(id)
      const at = columns.indexOf(number)
      if (isGone) this.#takeFrom(at, weight, person)
      else this.#addTo(at < 0 ? columns.append(number) : at, weight, person)
    }
  }

  /** Notes the place of every companion, so that all can be found in one pass. */
  #addMany(added: Int32Array, { self, weight, isGone, person }: Meeting): void {
    const columns = this.#columns
    columns.notePlaces()
    const own = columns.numbers.numberOf(self)
    for (let i = 0; i < added.length; i++) {
      const number = added[i]
      if (number === own) continue
      let at = placeOf(number)
      if (isGone) {
        this.#takeFrom(at, weight, person)
        continue
      }
      if (at < 0) {
        at = columns.append(number)
        notePlace(number, at)
      }
      this.#addTo(at, weight, person)
    }
    columns.forgetPlaces()
  }

  #addTo(at: number, weight: number, person: number): void {
    const columns = this.#columns
    columns.cells.weights[at] += weight
    columns.people.come(at, person)
    columns.changed(at)
  }

  #takeFrom(at: number, weight: number, person: number): void {
    if (at < 0) return
    const columns = this.#columns
    columns.cells.weights[at] -= weight
    columns.people.leave(at, person)
    columns.changed(at)
    if (columns.countAt(at) > 0) return
    this.#isRewritten = true
    columns.remove(at)
  }
}
