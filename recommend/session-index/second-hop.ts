import type { BestOf, TieOrder } from './best-of.ts'
import type { Candidates } from './candidates.ts'
import { type Evidence, firstRow, rowItem, rowOwn, rowWords, sum } from './evidence.ts'
import { one, type WeightTables } from './fixed-point.ts'
import { field, recordWords, ringClassShift, ringSizeMask } from './item-records.ts'
import type { SessionIndex } from './session-index.ts'
import { SessionReads } from './session-reads.ts'

const reach = 8
const hopScale = 4

/** Step F: what stands near the best candidates in their own newest sessions; the one source of items that no session in common leads to. */
export class SecondHop {
  private readonly index: SessionIndex
  private readonly tables: WeightTables
  private readonly best: BestOf
  /** Places among the candidates of those the hop goes through, best first. */
  private readonly via: Int32Array
  private viaCount = 0
  private readonly numbers: Int32Array
  /** Of each session read, through which candidate; and each candidate's weight. */
  private readonly throughs: Int32Array
  private readonly weights: Float64Array
  private readonly reads: SessionReads

  constructor(index: SessionIndex, tables: WeightTables, best: BestOf) {
    this.index = index
    this.tables = tables
    this.best = best
    const { hopItems, hopSessions } = index.parameters
    this.via = new Int32Array(hopItems)
    this.weights = new Float64Array(hopItems)
    this.numbers = new Int32Array(hopItems * hopSessions)
    this.throughs = new Int32Array(hopItems * hopSessions)
    this.reads = new SessionReads(hopItems * hopSessions)
  }

  add(evidence: Evidence, candidates: Candidates, precedes: TieOrder): void {
    this.chooseVia(evidence, candidates, precedes)
    let total = 1e-9
    for (let i = 0; i < this.viaCount; i++) total += candidates.base[this.via[i]]
    const before = evidence.used
    let count = 0
    for (let i = 0; i < this.viaCount; i++) {
      const share = candidates.base[this.via[i]] / total
      count = this.collect(i, evidence.rows[candidates.rows[this.via[i]] + rowItem], { share, count })
    }
    this.reads.open(this.index, this.numbers, count)
    for (let i = 0; i < count; i++) {
      const through = this.throughs[i]
      this.readAround(i, evidence.rows[candidates.rows[this.via[through]] + rowItem], this.weights[through], evidence)
    }
    this.join(evidence, candidates, { before, precedes })
  }

  private chooseVia(evidence: Evidence, { rows, base, count }: Candidates, precedes: TieOrder): void {
    const { via } = this
    const isBetter = (a: number, b: number) => base[a] > base[b] || (base[a] === base[b] && precedes(rows[a], rows[b]))
    this.viaCount = 0
    for (let candidate = 0; candidate < count; candidate++) {
      if (evidence.rows[rows[candidate] + rowOwn] > 0) continue
      if (this.viaCount === via.length && !isBetter(candidate, via[via.length - 1])) continue
      let i = this.viaCount < via.length ? this.viaCount++ : via.length - 1
      for (; i > 0 && isBetter(candidate, via[i - 1]); i--) via[i] = via[i - 1]
      via[i] = candidate
    }
  }

  /** Newest sessions of a candidate, behind the `count` already collected. */
  private collect(via: number, item: number, { share, count }: { share: number; count: number }): number {
    const { items, sessions, parameters } = this.index
    const record = item * recordWords
    const size = items.words[record + field.ringSizeAndClass] & ringSizeMask
    const capacity = items.rings.capacities[items.words[record + field.ringSizeAndClass] >>> ringClassShift]
    const first = items.words[record + field.ringOffset]
    const read = Math.min(size, parameters.hopSessions)
    this.weights[via] = Math.round((hopScale * one * share) / Math.sqrt(read)) / one
    let collected = count
    let place = items.words[record + field.ringHead] + size - 1
    if (place >= capacity) place -= capacity
    for (let left = read; left > 0; left--) {
      const session = items.rings.words[first + place]
      place = place === 0 ? capacity - 1 : place - 1
      if (session < sessions.base) continue
      this.throughs[collected] = via
      this.numbers[collected++] = session
    }
    return collected
  }

  private readAround(i: number, item: number, weight: number, evidence: Evidence): void {
    const log = this.index.sessions.slices.words
    const { inverse } = this.tables
    const offset = this.reads.offsets[i]
    const end = offset + this.reads.lengths[i]
    let match = offset
    while (log[match] !== item) if (++match >= end) return
    const from = Math.max(offset, match - reach)
    const to = Math.min(end, match + reach + 1)
    const rows = evidence.reserve(to - from)
    const { rowOf } = evidence
    for (let q = from; q < to; q++) {
      const near = log[q]
      let row = rowOf[near]
      if (rows[row + rowItem] !== near) row = evidence.add(near)
      if (q !== match) rows[row + sum.secondHop] += (inverse[q > match ? q - match : match - q] * weight) | 0
    }
  }

  /** Of the items that the hop touched first, the best join the candidates. */
  private join(
    { rows, used }: Evidence,
    candidates: Candidates,
    { before, precedes }: { before: number; precedes: TieOrder }
  ): void {
    const { best } = this
    const { hopAdded } = this.index.parameters
    let total = 0
    for (let row = firstRow; row < before; row += rowWords) total += rows[row + sum.secondHop]
    best.reserve((used - before) / rowWords)
    let count = 0
    for (let row = before; row < used; row += rowWords) {
      const hopped = rows[row + sum.secondHop]
      if (hopped <= 0) continue
      total += hopped
      best.keys[count] = hopped
      best.tags[count++] = row
    }
    candidates.totals[sum.secondHop] = total
    best.chooseInOrder(count, hopAdded, precedes)
    for (let i = 0; i < Math.min(count, hopAdded); i++) candidates.add(best.tags[i], 0)
  }
}
