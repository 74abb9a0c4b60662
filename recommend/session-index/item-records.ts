import { decay } from '../decay.ts'
import { longer } from './longer.ts'
import type { RetrievalParameters } from './parameters.ts'
import { doublingCapacities, SlicePool } from './slice-pool.ts'

/** Words of an item's record of 64 bytes, one cache line: four popularities (float64), counters, the ring of its newest sessions. */
export const field = {
  /** Time of its newest event, s. */
  time: 8,
  /** Events. */
  clicks: 9,
  /** Events equal to the event before them in their session. */
  repeats: 11,
  /** Other re-visits in a session. */
  revisits: 12,
  ringOffset: 13,
  /** Place of the oldest session in the ring. */
  ringHead: 14,
  ringSizeAndClass: 15
} as const
export const recordWords = 16
export const recordFloats = 8
export const ringSizeMask = 0xffff
export const ringClassShift = 16
const halfLives = 4

/**
 * Counters, decayed popularity and posting ring of every item. A ring holds the newest sessions of the item, one entry
 * per session, written at the session's first event on it; full, it is written over oldest first.
 */
export class ItemRecords {
  words: Int32Array<ArrayBuffer>
  floats: Float64Array<ArrayBuffer>
  /** Sessions that contain the item: a column of its own, for every item a question touches is asked for it. */
  sessions = new Int32Array(1024)
  readonly rings: SlicePool
  count = 0
  private readonly halfLivesS: readonly number[]
  private readonly ringMax: number

  constructor({ ringSessions, halfLivesS }: RetrievalParameters) {
    this.floats = new Float64Array(1024 * recordFloats)
    this.words = new Int32Array(this.floats.buffer)
    this.rings = new SlicePool(doublingCapacities(2, ringSessions))
    this.ringMax = ringSessions
    this.halfLivesS = halfLivesS
  }

  add(): number {
    const room = this.floats.length / recordFloats
    this.sessions = longer(this.sessions, this.count + 1)
    if (this.count === room) this.grow(room < 1 << 16 ? room * 2 : Math.ceil(room * 1.25))
    this.words[this.count * recordWords + field.ringOffset] = this.rings.take(0)
    return this.count++
  }

  /** One event in any order of time: the older side of the sum decays (`v·2^(−Δ/h)`). */
  click(item: number, time: number): void {
    const { words, floats, halfLivesS } = this
    const at = item * recordWords
    const ahead = time - (words[at + field.time] >>> 0)
    words[at + field.clicks]++
    for (let h = 0; h < halfLives; h++) {
      const popularity = item * recordFloats + h
      if (ahead >= 0) floats[popularity] = floats[popularity] * decay(ahead, halfLivesS[h]) + 1
      else floats[popularity] += decay(-ahead, halfLivesS[h])
    }
    if (ahead > 0) words[at + field.time] = time
  }

  /** Takes an event of this time out again; what is left of nothing is exactly 0. */
  unclick(item: number, time: number): void {
    const { words, floats, halfLivesS } = this
    const at = item * recordWords
    const age = (words[at + field.time] >>> 0) - time
    const clicks = --words[at + field.clicks]
    for (let h = 0; h < halfLives; h++) {
      const popularity = item * recordFloats + h
      floats[popularity] = clicks > 0 ? Math.max(0, floats[popularity] - decay(Math.max(age, 0), halfLivesS[h])) : 0
    }
  }

  pushToRing(item: number, session: number): void {
    const at = item * recordWords
    const { words, rings, ringMax } = this
    const size = words[at + field.ringSizeAndClass] & ringSizeMask
    let capacity = rings.capacities[words[at + field.ringSizeAndClass] >>> ringClassShift]
    if (size === capacity && capacity < ringMax) {
      this.widenRing(at)
      capacity = rings.capacities[words[at + field.ringSizeAndClass] >>> ringClassShift]
    }
    const oldest = words[at + field.ringHead]
    if (size < capacity) {
      const place = oldest + size
      rings.words[words[at + field.ringOffset] + (place < capacity ? place : place - capacity)] = session
      words[at + field.ringSizeAndClass]++
    } else {
      rings.words[words[at + field.ringOffset] + oldest] = session
      words[at + field.ringHead] = oldest + 1 === capacity ? 0 : oldest + 1
    }
  }

  /** Oldest first. */
  ringOf(item: number): number[] {
    const at = item * recordWords
    const { words, rings } = this
    const size = words[at + field.ringSizeAndClass] & ringSizeMask
    const capacity = rings.capacities[words[at + field.ringSizeAndClass] >>> ringClassShift]
    const place = (i: number) => (words[at + field.ringHead] + i) % capacity
    return Array.from({ length: size }, (_, i) => rings.words[words[at + field.ringOffset] + place(i)])
  }

  /** Oldest first; of more than the ring may hold the newest stay. */
  setRing(item: number, sessions: readonly number[]): void {
    const at = item * recordWords
    const { words, rings } = this
    rings.give(words[at + field.ringOffset], words[at + field.ringSizeAndClass] >>> ringClassShift)
    words[at + field.ringOffset] = rings.take(0)
    words[at + field.ringHead] = 0
    words[at + field.ringSizeAndClass] = 0
    for (const session of sessions) this.pushToRing(item, session)
  }

  restore(floats: Float64Array<ArrayBuffer>, sessions: Int32Array<ArrayBuffer>): void {
    this.sessions = sessions
    this.floats = floats
    this.words = new Int32Array(floats.buffer, floats.byteOffset, floats.length * 2)
    this.count = floats.length / recordFloats
  }

  private widenRing(at: number): void {
    const { words, rings } = this
    const sizeClass = words[at + field.ringSizeAndClass] >>> ringClassShift
    const size = rings.capacities[sizeClass]
    const offset = words[at + field.ringOffset]
    const oldest = words[at + field.ringHead]
    const larger = rings.take(sizeClass + 1)
    rings.words.copyWithin(larger, offset + oldest, offset + size)
    rings.words.copyWithin(larger + size - oldest, offset, offset + oldest)
    rings.give(offset, sizeClass)
    words[at + field.ringOffset] = larger
    words[at + field.ringHead] = 0
    words[at + field.ringSizeAndClass] = size | ((sizeClass + 1) << ringClassShift)
  }

  private grow(room: number): void {
    const floats = new Float64Array(room * recordFloats)
    floats.set(this.floats)
    this.floats = floats
    this.words = new Int32Array(floats.buffer)
  }
}
