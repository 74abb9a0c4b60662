import { BestOf } from './best-of.ts'
import { type Evidence, rowItem, rowMark, sum } from './evidence.ts'
import type { WeightTables } from './fixed-point.ts'
import { field, recordWords, ringClassShift, ringSizeMask } from './item-records.ts'
import type { OwnItems } from './running-session.ts'
import type { SessionIndex } from './session-index.ts'
import { SessionReads } from './session-reads.ts'

/** Words of a slot of the table of sessions touched. */
const slotWords = 4
const [slotStamp, slotSession, slotSimilarity, slotSeed] = [0, 1, 2, 3]
const sessionRange = 2 ** 32
const recentScale = 8

/**
 * Sessions that share items with the running one, and what they say.
 *
 * Similarity adds the position weights of the shared items (V-SKNN: Ludewig, Jannach 2018); the best `neighbours`, newer
 * ones first where equal, are read around the newest item shared (STAN: Garg et al. 2019).
 */
export class Neighbours {
  private readonly index: SessionIndex
  private readonly tables: WeightTables
  private readonly slots: Int32Array
  private readonly hashShift: number
  private stamp = 0
  private mark = 0
  private found = 0
  private readonly best = new BestOf()
  private readonly numbers: Int32Array
  private readonly reads: SessionReads

  constructor(index: SessionIndex, tables: WeightTables) {
    this.index = index
    this.tables = tables
    const { seedItems, ringSessions } = index.parameters
    const bits = 33 - Math.clz32(seedItems * ringSessions - 1)
    this.slots = new Int32Array(slotWords << bits)
    this.hashShift = 32 - bits
    this.best.reserve(seedItems * ringSessions)
    this.numbers = new Int32Array(index.parameters.neighbours)
    this.reads = new SessionReads(index.parameters.neighbours)
  }

  get bytes(): number {
    return this.slots.byteLength + this.best.keys.byteLength + this.best.tags.byteLength
  }

  /** Step A: touches the sessions of the newest items and keeps the most similar. Returns how many. */
  find(own: OwnItems, self: number): number {
    const { index } = this
    if (++this.stamp === 0x7fffffff) {
      this.slots.fill(0)
      this.stamp = 1
    }
    this.found = 0
    const seeds = Math.min(own.count, index.parameters.seedItems)
    for (let seed = 0; seed < seeds; seed++) this.touchRing(own, seed, self)
    const { best, slots } = this
    const wanted = index.parameters.neighbours
    if (this.found <= wanted) return this.found
    for (let i = 0; i < this.found; i++) {
      const slot = best.tags[i]
      best.keys[i] = slots[slot + slotSimilarity] * sessionRange + slots[slot + slotSession]
    }
    best.choose(this.found, wanted)
    return wanted
  }

  /** Step B: adds what the found neighbours say. */
  scan(count: number, own: OwnItems, evidence: Evidence): void {
    const { slots, best, numbers, reads } = this
    for (let i = 0; i < count; i++) numbers[i] = slots[best.tags[i] + slotSession]
    reads.open(this.index, numbers, count)
    for (let i = 0; i < count; i++) this.scanSession(i, own, evidence)
  }

  private touchRing(own: OwnItems, seed: number, self: number): void {
    const { slots, stamp, hashShift, best } = this
    const { items, sessions } = this.index
    const mask = slots.length - 1
    const weight = this.tables.position[own.steps[seed]]
    const record = own.items[seed] * recordWords
    const ring = items.rings.words
    const size = items.words[record + field.ringSizeAndClass] & ringSizeMask
    const capacity = items.rings.capacities[items.words[record + field.ringSizeAndClass] >>> ringClassShift]
    const first = items.words[record + field.ringOffset]
    const { base } = sessions
    let found = this.found
    let place = items.words[record + field.ringHead] + size - 1
    if (place >= capacity) place -= capacity
    for (let left = size; left > 0; left--) {
      const session = ring[first + place]
      place = place === 0 ? capacity - 1 : place - 1
      if (session < base || session === self) continue
      let slot = (Math.imul(session, 0x9e3779b1) >>> hashShift) * slotWords
      while (slots[slot + slotStamp] === stamp && slots[slot + slotSession] !== session)
        slot = (slot + slotWords) & mask
      if (slots[slot + slotStamp] === stamp) {
        slots[slot + slotSimilarity] += weight
        continue
      }
      slots[slot + slotStamp] = stamp
      slots[slot + slotSession] = session
      slots[slot + slotSimilarity] = weight
      slots[slot + slotSeed] = seed
      best.tags[found++] = slot
    }
    this.found = found
  }

  private scanSession(i: number, own: OwnItems, evidence: Evidence): void {
    const { slots, tables, reads } = this
    const { sessions, now, parameters } = this.index
    const slot = this.best.tags[i]
    const log = sessions.slices.words
    const offset = reads.offsets[i]
    const length = reads.lengths[i]
    const similarity = slots[slot + slotSimilarity]
    const shared = own.items[slots[slot + slotSeed]]
    const step = own.steps[slots[slot + slotSeed]]
    let match = length - 1
    while (match > 0 && log[offset + match] !== shared) match--
    const age = Math.max(0, now - (reads.times[i] >>> 0))
    const once = (similarity / step) | 0
    const cosine = (similarity / Math.sqrt(length)) | 0
    const recent = ((similarity / (step * Math.sqrt(1 + age / parameters.recencyS))) * recentScale) | 0
    const mark = ++this.mark
    const from = Math.max(0, match - parameters.window)
    const to = Math.min(length, match + parameters.window)
    const rows = evidence.reserve(to - from)
    const { rowOf } = evidence
    const { distance } = tables
    for (let q = from; q < to; q++) {
      const item = log[offset + q]
      let row = rowOf[item]
      if (rows[row + rowItem] !== item) row = evidence.add(item)
      if (rows[row + rowMark] !== mark) {
        rows[row + rowMark] = mark
        rows[row + sum.neighbour] += once
        rows[row + sum.cosine] += cosine
        rows[row + sum.recent] += recent
      }
      if (q > match) rows[row + sum.after] += (similarity * distance[q - match]) | 0
      else if (q < match) rows[row + sum.before] += (similarity * distance[match - q]) | 0
    }
  }
}
