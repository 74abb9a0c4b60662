import type { ByteReader, ByteWriter } from '../engine/bytes.ts'
import { heaviest, inOrder, type Order } from './heaviest.ts'
import { currentNumbers, type IdNumbers, renumber } from './id-numbers.ts'

/** How many people it takes before a pair is shown: fewer would show one person's path. */
export const peopleMin = 3
const startCapacity = 8
const few = 4
const countBit = 4
/** A small hash is enough: two people taken for one only hide a pair a little longer. */
const personMask = 0xffff

/** Where a companion of the list at hand stands, by its number; only valid between `#find` and the end of `add`. */
let places = new Int32Array(1 << 12)

export interface Companion {
  product_id: string
  weight: number
  people: number
}

/**
 * What an item goes together with: for each companion a sum and up to three people (as hashes of their ids), as columns.
 * Beyond twice `keep` companions it is cut to the `keep` heaviest, so that newcomers can get in.
 */
export class Companions {
  length = 0
  #items: Int32Array
  #weights: Float32Array
  /** Three places each; 0 = free. */
  #people: Uint16Array
  #numbers: IdNumbers = currentNumbers()

  constructor(capacity = startCapacity) {
    this.#items = new Int32Array(capacity)
    this.#weights = new Float32Array(capacity)
    this.#people = new Uint16Array(capacity * peopleMin)
  }

  /** Adds `weight` to each of `ids` but `self`, and the person to those who had both; taking back adds no person. */
  add(ids: readonly string[], { self, weight, person }: { self: string; weight: number; person: number }): void {
    this.#rebase()
    const who = person & personMask || 1
    const isFew = ids.length <= few
    if (!isFew) this.#mark()
    for (const id of ids) {
      if (id === self) continue
      const number = this.#numbers.numberOf(id)
      let at = isFew ? this.#items.subarray(0, this.length).indexOf(number) : this.#placeOf(number)
      if (at < 0) {
        if (weight < 0) continue
        at = this.#append(number)
        if (!isFew && number < places.length) places[number] = at + 1
      }
      this.#weights[at] += weight
      if (weight >= 0) this.#meet(at * peopleMin, who)
    }
    if (!isFew) this.#unmark()
  }

  scale(factor: number): void {
    for (let i = 0; i < this.length; i++) this.#weights[i] *= factor
  }

  /**
   * With more than twice `keep`, leaves `keep`: first the heaviest that are shown, then the heaviest of the others. So
   * newcomers have as many places to prove themselves in.
   */
  cut(keep: number, weightMin: number): void {
    if (this.length <= keep * 2) return
    const shown = heaviest(this.#order, this.#shown(weightMin), keep)
    const isShown = new Set(shown)
    const others = Array.from({ length: this.length }, (_, i) => i).filter(i => !isShown.has(i))
    const kept = [...shown, ...heaviest(this.#order, others, keep - shown.length)].sort((a, b) => a - b)
    for (let to = 0; to < keep; to++) this.#move(kept[to], to)
    this.length = keep
  }

  /** The heaviest that are shown, best first, ties by id. */
  best(count: number, weightMin: number): Companion[] {
    return inOrder(this.#order, heaviest(this.#order, this.#shown(weightMin), count)).map(i => ({
      product_id: this.#idAt(i),
      weight: this.#weights[i],
      people: peopleMin
    }))
  }

  write(out: ByteWriter): void {
    out.varint(this.length)
    for (let i = 0; i < this.length; i++) {
      const weight = this.#weights[i]
      const people = this.#peopleAt(i)
      const isCount = Number.isInteger(weight) && weight >= 0
      out.string(this.#idAt(i)).u8(people | (isCount ? countBit : 0))
      if (isCount) out.varint(weight)
      else out.f32(weight)
      // Three are enough: who they are matters no more.
      if (people < peopleMin) for (let k = 0; k < people; k++) out.u16(this.#people[i * peopleMin + k])
    }
  }

  static read(input: ByteReader): Companions {
    const length = input.varint()
    const list = new Companions(Math.max(startCapacity, length))
    list.length = length
    for (let i = 0; i < length; i++) {
      list.#items[i] = list.#numbers.numberOf(input.string())
      const head = input.u8()
      list.#weights[i] = head & countBit ? input.varint() : input.f32()
      const people = head & ~countBit
      for (let k = 0; k < people; k++) list.#people[i * peopleMin + k] = people < peopleMin ? input.u16() : k + 1
    }
    return list
  }

  get #order(): Order {
    return { weights: this.#weights, idAt: i => this.#idAt(i) }
  }

  #idAt(i: number): string {
    return this.#numbers.ids[this.#items[i]]
  }

  #peopleAt(i: number): number {
    let people = 0
    while (people < peopleMin && this.#people[i * peopleMin + people] !== 0) people++
    return people
  }

  #meet(from: number, person: number): void {
    for (let i = from; i < from + peopleMin; i++) {
      if (this.#people[i] === person) return
      if (this.#people[i] === 0) {
        this.#people[i] = person
        return
      }
    }
  }

  #append(number: number): number {
    if (this.length === this.#items.length) this.#grow(this.length * 2)
    const at = this.length++
    this.#items[at] = number
    this.#weights[at] = 0
    this.#people.fill(0, at * peopleMin, (at + 1) * peopleMin)
    return at
  }

  /** Notes the place of every companion, so that many can be found in one pass. */
  #mark(): void {
    if (places.length < this.#numbers.ids.length) {
      places = new Int32Array(this.#numbers.ids.length * 2)
    }
    for (let i = 0; i < this.length; i++) places[this.#items[i]] = i + 1
  }

  #placeOf(number: number): number {
    if (number < places.length) return places[number] - 1
    return this.#items.subarray(0, this.length).indexOf(number)
  }

  #unmark(): void {
    for (let i = 0; i < this.length; i++) if (this.#items[i] < places.length) places[this.#items[i]] = 0
  }

  /** Places of those that enough people had and that weigh more than `weightMin`. */
  #shown(weightMin: number): number[] {
    const shown: number[] = []
    for (let i = 0; i < this.length; i++) {
      if (this.#weights[i] > weightMin && this.#people[i * peopleMin + peopleMin - 1] !== 0) shown.push(i)
    }
    return shown
  }

  #move(from: number, to: number): void {
    this.#items[to] = this.#items[from]
    this.#weights[to] = this.#weights[from]
    this.#people.copyWithin(to * peopleMin, from * peopleMin, (from + 1) * peopleMin)
  }

  #grow(capacity: number): void {
    const grown = new Companions(capacity)
    grown.#items.set(this.#items)
    grown.#weights.set(this.#weights)
    grown.#people.set(this.#people)
    this.#items = grown.#items
    this.#weights = grown.#weights
    this.#people = grown.#people
  }

  #rebase(): void {
    const now = currentNumbers()
    if (this.#numbers === now) return
    renumber(this.#items, this.length, this.#numbers, now)
    this.#numbers = now
  }
}
