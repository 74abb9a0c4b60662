import type { BestOf, TieOrder } from './best-of.ts'
import type { Candidates } from './candidates.ts'
import { type Evidence, rowItem, rowOwn, rowWords, sum, sums } from './evidence.ts'
import { logOfCount } from './exact-maths.ts'
import { one } from './fixed-point.ts'
import { field, recordWords } from './item-records.ts'
import type { OwnItems } from './running-session.ts'
import type { SessionIndex } from './session-index.ts'

/** An own item counts this much more than any evidence: own items are always candidates. */
const ownBonus = 10
/** Own items beyond `ownCandidates`: behind everything. */
const tooOld = -1

/** Step E: the `wanted` best of all touched items by a fixed blend of shares, of which only the recall matters. */
export class Preselection {
  private readonly index: SessionIndex
  private readonly best: BestOf

  constructor(index: SessionIndex, best: BestOf) {
    this.index = index
    this.best = best
  }

  choose(evidence: Evidence, own: OwnItems, candidates: Candidates, options: { wanted: number; precedes: TieOrder }) {
    const { best } = this
    const touched = evidence.touched
    best.reserve(touched)
    addTotals(evidence, candidates.totals)
    this.addBase(evidence, candidates.totals)
    for (let i = this.index.parameters.ownCandidates; i < own.count; i++) best.keys[i] = tooOld
    best.chooseInOrder(touched, options.wanted, options.precedes)
    const chosen = Math.min(touched, options.wanted)
    candidates.count = 0
    for (let i = 0; i < chosen; i++) candidates.add(best.tags[i], best.keys[i])
  }

  private addBase({ rows, used }: Evidence, totals: Float64Array): void {
    const { keys, tags } = this.best
    const { words } = this.index.items
    const rarity = 1 + logOfCount(this.index.sessions.live + 1)
    const neighbour = 0.2 / (totals[sum.neighbour] + 1)
    const after = 1 / (totals[sum.after] + one)
    const rule = 1 / (totals[sum.rule] + one)
    const reverse = 0.5 / (totals[sum.reverse] + one)
    const recentRule = 1 / (totals[sum.recentRule] + one)
    const previousRule = 0.5 / (totals[sum.previousRule] + one)
    const recent = 0.5 / (totals[sum.recent] + 1)
    for (let row = 0, i = 0; row < used; row += rowWords, i++) {
      const sessions = words[rows[row + rowItem] * recordWords + field.sessions]
      tags[i] = row
      keys[i] =
        rows[row + sum.neighbour] * neighbour * (rarity - logOfCount(sessions + 1)) +
        rows[row + sum.after] * after +
        rows[row + sum.rule] * rule +
        rows[row + sum.reverse] * reverse +
        rows[row + sum.recentRule] * recentRule +
        rows[row + sum.previousRule] * previousRule +
        rows[row + sum.recent] * recent +
        (rows[row + rowOwn] > 0 ? ownBonus : 0)
    }
  }
}

function addTotals({ rows, used }: Evidence, totals: Float64Array): void {
  totals.fill(0)
  for (let row = 0; row < used; row += rowWords) {
    for (let f = 0; f < sums; f++) totals[f] += rows[row + f]
  }
}
