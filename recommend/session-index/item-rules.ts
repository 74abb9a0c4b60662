import { type Evidence, rowItem, sum } from './evidence.ts'
import { one, type WeightTables } from './fixed-point.ts'
import { field, recordWords, ringClassShift, ringSizeMask } from './item-records.ts'
import type { SessionIndex } from './session-index.ts'
import { SessionReads } from './session-reads.ts'

const distanceMax = 10
const nowhere = -1000
/** Occurrences of the item read in one session: bounds what a session that goes to and fro for ever can add. */
const occurrencesMax = 64

/**
 * Sequential rules (Ludewig, Jannach 2018) of one item, from its newest sessions: what follows it, at which distance,
 * and what comes before it. Sums stay below 2³¹: at most 64 of one per session and 1,024 sessions.
 */
export class ItemRules {
  private readonly index: SessionIndex
  private readonly tables: WeightTables
  /** Newest sessions of the item that are alive, and their places in the ring, 0 the newest. */
  private readonly numbers: Int32Array
  private readonly places: Int32Array
  private readonly reads: SessionReads

  constructor(index: SessionIndex, tables: WeightTables) {
    this.index = index
    this.tables = tables
    const { ringSessions } = index.parameters
    this.numbers = new Int32Array(ringSessions)
    this.places = new Int32Array(ringSessions)
    this.reads = new SessionReads(ringSessions)
  }

  /** Step C: the item the session is at, and the item before it (−1: none). */
  addCurrent(item: number, previous: number, self: number, evidence: Evidence): void {
    const count = this.collect(item, this.index.parameters.ruleSessions, self)
    for (let i = 0; i < count; i++) {
      const last = this.addForward(i, { item, previous }, evidence)
      this.addBackward(i, item, last, evidence)
    }
  }

  /** Step D: the newest other item. */
  addPrevious(item: number, self: number, evidence: Evidence): void {
    const count = this.collect(item, this.index.parameters.previousRuleSessions, self)
    const log = this.index.sessions.slices.words
    const { inverse } = this.tables
    const { rowOf } = evidence
    for (let i = 0; i < count; i++) {
      const rows = evidence.reserve(this.reads.lengths[i])
      const end = this.reads.offsets[i] + this.reads.lengths[i]
      let occurrence = nowhere
      let occurrences = 0
      for (let q = this.reads.offsets[i]; q < end; q++) {
        const next = log[q]
        if (q - occurrence <= distanceMax) {
          let row = rowOf[next]
          if (rows[row + rowItem] !== next) row = evidence.add(next)
          rows[row + sum.previousRule] += inverse[q - occurrence]
        }
        if (next !== item) continue
        if (++occurrences > occurrencesMax) break
        occurrence = q
      }
    }
  }

  /** Returns the position of the last occurrence read. */
  private addForward(i: number, { item, previous }: { item: number; previous: number }, evidence: Evidence): number {
    const log = this.index.sessions.slices.words
    const { inverse, fresh } = this.tables
    const offset = this.reads.offsets[i]
    const length = this.reads.lengths[i]
    const freshness = fresh[this.places[i]]
    const rows = evidence.reserve(2 * length)
    const { rowOf } = evidence
    let occurrence = -1
    let occurrences = 0
    for (let q = 0; q < length; q++) {
      const next = log[offset + q]
      const distance = q - occurrence
      if (occurrence >= 0 && distance <= distanceMax) {
        let row = rowOf[next]
        if (rows[row + rowItem] !== next) row = evidence.add(next)
        const weight = inverse[distance]
        rows[row + sum.rule] += weight
        rows[row + sum.recentRule] += (weight * freshness) >> 14
        if (distance === 1) {
          rows[row + sum.markov] += one
          if (occurrence > 0 && log[offset + occurrence - 1] === previous) rows[row + sum.secondOrder] += one
        }
      }
      if (next !== item) continue
      if (++occurrences > occurrencesMax) break
      occurrence = q
    }
    return occurrence
  }

  private addBackward(i: number, item: number, last: number, evidence: Evidence): void {
    const log = this.index.sessions.slices.words
    const { inverse } = this.tables
    const offset = this.reads.offsets[i]
    const { rows, rowOf } = evidence
    let occurrence = last
    for (let q = last - 1; q >= 0; q--) {
      const earlier = log[offset + q]
      if (occurrence - q <= distanceMax) {
        let row = rowOf[earlier]
        if (rows[row + rowItem] !== earlier) row = evidence.add(earlier)
        rows[row + sum.reverse] += inverse[occurrence - q]
      }
      if (earlier === item) occurrence = q
    }
  }

  /** The newest `max` places of the ring; the running session has its place, and says nothing. */
  private collect(item: number, max: number, self: number): number {
    const { items, sessions } = this.index
    const { numbers, places } = this
    const record = item * recordWords
    const size = items.words[record + field.ringSizeAndClass] & ringSizeMask
    const capacity = items.rings.capacities[items.words[record + field.ringSizeAndClass] >>> ringClassShift]
    const first = items.words[record + field.ringOffset]
    let count = 0
    let place = items.words[record + field.ringHead] + size - 1
    if (place >= capacity) place -= capacity
    for (let left = size, rank = 0; left > 0 && rank < max; left--) {
      const session = items.rings.words[first + place]
      place = place === 0 ? capacity - 1 : place - 1
      if (session < sessions.base) continue
      places[count] = rank++
      if (session !== self) numbers[count++] = session
    }
    this.reads.open(this.index, numbers, count)
    return count
  }
}
