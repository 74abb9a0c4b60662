import { grown } from './grown.ts'
import { ownSources, sources } from './sources.ts'

const columns = sources.length
/** Slots; what no longer fits is not a candidate. Sources are bounded well below it. */
export const candidatesMax = 2046
const refusedSlot = 2047
/** Seed of evidence that leads from nowhere. */
export const shopWide = -1
const slotsPerTurn = 2048
const turnsMax = Math.floor(0x7fffffff / slotsPerTurn) - 1

/**
 * The candidates of one answer, in arrays that are used again for the next: an item by source matrix of evidence, and the
 * seed that gave the most of it. An item is asked about by the rules once, when first named.
 */
export class CandidateSet {
  count = 0
  readonly items = new Int32Array(candidatesMax)
  readonly totals = new Float64Array(candidatesMax)
  /** Row per slot. */
  readonly evidence = new Float64Array(candidatesMax * columns)
  readonly seeds = new Int32Array(candidatesMax * columns)
  private readonly strongest = new Float64Array(candidatesMax * columns)
  private readonly largest = new Float64Array(columns)
  private readonly scales = new Float64Array(columns)
  /** Turn and slot of every item, in one number, so that nothing is cleared between answers. */
  private places = new Int32Array(0)
  private turn = 0
  /** Items may still become candidates. */
  isOpen = true
  private allows: (item: number) => boolean = () => true

  begin(items: number, allows: (item: number) => boolean): void {
    this.places = grown(this.places, items, 0)
    if (++this.turn > turnsMax) {
      this.places.fill(0)
      this.turn = 1
    }
    this.count = 0
    this.isOpen = true
    this.allows = allows
    this.largest.fill(0)
  }

  /** From now on only items that are candidates already gain evidence. */
  close(): void {
    this.isOpen = false
  }

  /** −1: no candidate. */
  find(item: number): number {
    const place = this.places[item] - this.turn * slotsPerTurn
    return place >= 0 && place < candidatesMax ? place : -1
  }

  add(column: number, item: number, value: number, seed: number): void {
    const slot = this.slotFor(item)
    if (slot < 0) return
    const at = slot * columns + column
    const sum = this.evidence[at] + value
    this.evidence[at] = sum
    if (sum > this.largest[column]) this.largest[column] = sum
    if (value > this.strongest[at]) {
      this.strongest[at] = value
      this.seeds[at] = seed
    }
  }

  /** Makes the item a candidate if the rules allow it; −1 when they do not. */
  slotFor(item: number): number {
    const place = this.places[item] - this.turn * slotsPerTurn
    if (place >= 0) return place < candidatesMax ? place : -1
    if (!this.isOpen || this.count >= candidatesMax) return -1
    // A list just read may name items that nobody had named before.
    if (item >= this.places.length) this.places = grown(this.places, item + 1, 0)
    if (!this.allows(item)) {
      this.places[item] = this.turn * slotsPerTurn + refusedSlot
      return -1
    }
    const slot = this.count++
    this.places[item] = this.turn * slotsPerTurn + slot
    this.items[slot] = item
    const start = slot * columns
    // A dozen numbers: a loop is twice as fast as `fill`.
    for (let at = start; at < start + columns; at++) {
      this.evidence[at] = 0
      this.strongest[at] = 0
    }
    return slot
  }

  /** Every source's evidence relative to its own largest, times the source's weight, summed. */
  blend(weights: Float64Array): void {
    const { evidence, scales, totals, count } = this
    for (let column = 0; column < columns; column++) {
      scales[column] = this.largest[column] > 0 ? weights[column] / this.largest[column] : 0
    }
    for (let slot = 0, at = 0; slot < count; slot++) {
      let total = 0
      for (let column = 0; column < columns; column++, at++) total += evidence[at] * scales[column]
      totals[slot] = total
    }
  }

  has(slot: number, column: number): boolean {
    return this.evidence[slot * columns + column] > 0
  }

  /** What a source added to the total; valid after `blend`. */
  part(slot: number, column: number): number {
    return this.evidence[slot * columns + column] * this.scales[column]
  }

  seedOf(slot: number, column: number): number {
    return this.seeds[slot * columns + column]
  }

  /** Something of this person, session or item speaks for it: not so what an index gave because it is popular. */
  isOwn(slot: number): boolean {
    const start = slot * columns
    for (let column = 0; column < ownSources; column++) {
      if (this.evidence[start + column] > 0 && this.seeds[start + column] !== shopWide) return true
    }
    return false
  }
}
