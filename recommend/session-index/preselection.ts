import type { BestOf, TieOrder } from './best-of.ts'
import type { Candidates } from './candidates.ts'
import { type Evidence, firstRow, rowItem, rowOwn, rowWords, sum } from './evidence.ts'
import { logOfCount } from './exact-maths.ts'
import { one } from './fixed-point.ts'
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
    candidates.clear()
    for (let i = 0; i < chosen; i++) candidates.add(best.tags[i], best.keys[i])
  }

  private addBase({ rows, used }: Evidence, totals: Float64Array): void {
    const { keys, tags } = this.best
    const { sessions } = this.index.items
    const rarity = 1 + logOfCount(this.index.sessions.live + 1)
    const neighbour = 0.2 / (totals[sum.neighbour] + 1)
    const after = 1 / (totals[sum.after] + one)
    const rule = 1 / (totals[sum.rule] + one)
    const reverse = 0.5 / (totals[sum.reverse] + one)
    const recentRule = 1 / (totals[sum.recentRule] + one)
    const previousRule = 0.5 / (totals[sum.previousRule] + one)
    const recent = 0.5 / (totals[sum.recent] + 1)
    for (let row = firstRow, i = 0; row < used; row += rowWords, i++) {
      tags[i] = row
      keys[i] =
        rows[row + sum.neighbour] * neighbour * (rarity - logOfCount(sessions[rows[row + rowItem]] + 1)) +
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

/** One accumulator per sum: they stay in registers. The second hop has not been yet. */
function addTotals({ rows, used }: Evidence, totals: Float64Array): void {
  let [t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t11] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  for (let row = firstRow; row < used; row += rowWords) {
    t0 += rows[row]
    t1 += rows[row + 1]
    t2 += rows[row + 2]
    t3 += rows[row + 3]
    t4 += rows[row + 4]
    t5 += rows[row + 5]
    t6 += rows[row + 6]
    t7 += rows[row + 7]
    t8 += rows[row + 8]
    t9 += rows[row + 9]
    t11 += rows[row + 11]
  }
  for (const [f, total] of [t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, 0, t11].entries()) totals[f] = total
}
