import type { ByteReader, ByteWriter } from '../engine/bytes.ts'
import { heaviest, inOrder, type Order } from './heaviest.ts'
import { currentNumbers, type IdNumbers, numbersOf, renumber } from './id-numbers.ts'
import { People, peopleMin, roomier } from './people.ts'

const startCapacity = 8
const few = 4
/** A list scaled more often than this between two commits is written whole. */
const factorsMax = 64
/** The objects around the columns. */
const ownBytes = 700

/** Where a companion of the list at hand stands, plus 1, by its number; all 0 but in `#addMany`. */
let places = new Int32Array(1 << 12)

export interface Companion {
  product_id: string
  weight: number
  people: number
}

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
 * What an item goes together with: for each companion a sum and who had both, as columns. Beyond twice `keep` companions
 * it is cut to `keep`.
 */
export class Companions {
  length = 0
  #items: Int32Array
  #weights: Float32Array
  readonly #people: People
  #numbers: IdNumbers = currentNumbers()
  /** Changed since it was stored: 1 per companion, what all weights were scaled by, or too much to tell apart. */
  #isChanged: Uint8Array
  #factors: number[] = []
  #isRewritten = true

  constructor(capacity = startCapacity) {
    this.#items = new Int32Array(capacity)
    this.#weights = new Float32Array(capacity)
    this.#people = new People(capacity)
    this.#isChanged = new Uint8Array(capacity)
  }

  /** In memory, about. */
  get bytes(): number {
    return (
      this.#items.byteLength + this.#weights.byteLength + this.#isChanged.byteLength + this.#people.bytes + ownBytes
    )
  }

  /** Adds to, or takes from, each of `ids` but `self`. What nobody had any more is forgotten. */
  add(ids: readonly string[], meeting: Meeting): void {
    this.#rebase()
    if (ids.length <= few) this.#addFew(ids, meeting)
    else this.#addMany(numbersOf(ids, this.#numbers), meeting)
  }

  scale(factor: number): void {
    for (let i = 0; i < this.length; i++) this.#weights[i] *= factor
    if (this.#factors.push(factor) > factorsMax) this.#isRewritten = true
  }

  /**
   * With more than twice `keep`, leaves `keep`: first the heaviest that are shown, then the heaviest of the others. So
   * newcomers have as many places to prove themselves in.
   */
  cut(keep: number, weightMin: number): void {
    if (this.length <= keep * 2) return
    this.#isRewritten = true
    const order = this.#order
    const kept = new Uint8Array(this.length)
    const shown = heaviest(order, this.#shown(weightMin), keep)
    for (const place of shown) kept[place] = 1
    const others: number[] = []
    for (let i = 0; i < this.length; i++) if (kept[i] === 0) others.push(i)
    for (const place of heaviest(order, others, keep - shown.length)) kept[place] = 1
    let to = 0
    for (let from = 0; from < this.length; from++) if (kept[from] === 1) this.#move(from, to++)
    this.length = to
  }

  /** The heaviest that enough people had, best first, ties by id. */
  best(count: number, weightMin: number): Companion[] {
    return inOrder(this.#order, heaviest(this.#order, this.#shown(weightMin), count)).map(i => ({
      product_id: this.#idAt(i),
      weight: this.#weights[i],
      people: peopleMin
    }))
  }

  /** For people and digests: by id, with how many people had both, 3 = 3 or more. */
  toJSON(): Companion[] {
    return Array.from({ length: this.length }, (_, i) => ({
      product_id: this.#idAt(i),
      weight: this.#weights[i],
      people: this.#people.count(i)
    })).sort((a, b) => (a.product_id < b.product_id ? -1 : 1))
  }

  write(out: ByteWriter): void {
    out.varint(this.length)
    for (let i = 0; i < this.length; i++) this.#writeRow(out, i)
  }

  static read(input: ByteReader): Companions {
    const length = input.varint()
    const list = new Companions(Math.max(startCapacity, length))
    list.length = length
    for (let i = 0; i < length; i++) {
      list.#items[i] = list.#numbers.numberOf(input.string())
      list.#readRow(input, i)
    }
    return list
  }

  /** Writes what has changed since it was last stored; false = the list is to be written whole. */
  writeDelta(out: ByteWriter): boolean {
    if (this.#isRewritten) return false
    out.u8(this.#factors.length)
    for (const factor of this.#factors) out.f64(factor)
    const changed: number[] = []
    for (let i = 0; i < this.length; i++) if (this.#isChanged[i] === 1) changed.push(i)
    out.varint(changed.length)
    for (const i of changed) this.#writeRow(out, i)
    return true
  }

  applyDelta(input: ByteReader): void {
    for (let left = input.u8(); left > 0; left--) this.scale(input.f64())
    this.#notePlaces()
    for (let left = input.varint(); left > 0; left--) {
      const number = this.#numbers.numberOf(input.string())
      const known = number < places.length ? places[number] - 1 : -1
      const at = known < 0 ? this.#append(number) : known
      this.#people.clear(at)
      this.#readRow(input, at)
    }
    this.#forgetPlaces()
  }

  /** Everything is stored as it is now. */
  stored(): void {
    this.#isChanged.fill(0, 0, this.length)
    this.#factors = []
    this.#isRewritten = false
  }

  get #order(): Order {
    return { weights: this.#weights, idAt: i => this.#idAt(i) }
  }

  #idAt(i: number): string {
    return this.#numbers.ids[this.#items[i]]
  }

  #shown(weightMin: number): number[] {
    const shown: number[] = []
    for (let i = 0; i < this.length; i++)
      if (this.#weights[i] > weightMin && this.#people.count(i) === peopleMin) shown.push(i)
    return shown
  }

  #addFew(ids: readonly string[], { self, weight, isGone, person }: Meeting): void {
    for (const id of ids) {
      if (id === self) continue
      const number = this.#numbers.numberOf(id)
      const at = this.#items.subarray(0, this.length).indexOf(number)
      if (isGone) this.#takeFrom(at, weight, person)
      else this.#addTo(at < 0 ? this.#append(number) : at, weight, person)
    }
  }

  /** Notes the place of every companion, so that all can be found in one pass. */
  #addMany(added: Int32Array, { self, weight, isGone, person }: Meeting): void {
    this.#notePlaces()
    const own = this.#numbers.numberOf(self)
    for (let i = 0; i < added.length; i++) {
      const number = added[i]
      if (number === own) continue
      let at = places[number] - 1
      if (isGone) {
        this.#takeFrom(at, weight, person)
        continue
      }
      if (at < 0) {
        at = this.#append(number)
        places[number] = at + 1
      }
      this.#addTo(at, weight, person)
    }
    this.#forgetPlaces()
  }

  #notePlaces(): void {
    if (places.length < this.#numbers.ids.length) places = new Int32Array(this.#numbers.ids.length * 2)
    for (let i = 0; i < this.length; i++) places[this.#items[i]] = i + 1
  }

  #forgetPlaces(): void {
    for (let i = 0; i < this.length; i++) places[this.#items[i]] = 0
  }

  #writeRow(out: ByteWriter, i: number): void {
    const weight = this.#weights[i]
    const isCount = Number.isInteger(weight) && weight >= 0
    out.string(this.#idAt(i))
    this.#people.write(out, i, isCount)
    if (isCount) out.varint(weight)
    else out.f32(weight)
  }

  /** Behind the id. */
  #readRow(input: ByteReader, i: number): void {
    this.#weights[i] = this.#people.read(input, i) ? input.varint() : input.f32()
  }

  #addTo(at: number, weight: number, person: number): void {
    this.#isChanged[at] = 1
    this.#weights[at] += weight
    this.#people.come(at, person)
  }

  #takeFrom(at: number, weight: number, person: number): void {
    if (at < 0) return
    this.#isChanged[at] = 1
    this.#weights[at] -= weight
    this.#people.leave(at, person)
    if (this.#people.count(at) > 0) return
    this.#isRewritten = true
    this.length--
    places[this.#items[at]] = 0
    if (at === this.length) return
    this.#move(this.length, at)
    if (places[this.#items[at]] !== 0) places[this.#items[at]] = at + 1
  }

  #append(number: number): number {
    if (this.length === this.#items.length) this.#grow(roomier(this.length))
    const at = this.length++
    this.#items[at] = number
    this.#weights[at] = 0
    this.#people.clear(at)
    this.#isChanged[at] = 0
    return at
  }

  #move(from: number, to: number): void {
    this.#items[to] = this.#items[from]
    this.#weights[to] = this.#weights[from]
    this.#people.move(from, to)
    this.#isChanged[to] = this.#isChanged[from]
  }

  #grow(capacity: number): void {
    const items = new Int32Array(capacity)
    items.set(this.#items)
    this.#items = items
    const weights = new Float32Array(capacity)
    weights.set(this.#weights)
    this.#weights = weights
    const isChanged = new Uint8Array(capacity)
    isChanged.set(this.#isChanged)
    this.#isChanged = isChanged
    this.#people.grow(capacity)
  }

  #rebase(): void {
    const now = currentNumbers()
    if (this.#numbers === now) return
    renumber(this.#items, this.length, this.#numbers, now)
    this.#numbers = now
  }
}
