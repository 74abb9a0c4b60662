import { BestOf, type TieOrder } from './best-of.ts'
import { Candidates } from './candidates.ts'
import { Evidence, rowItem, rowOwn } from './evidence.ts'
import { weightTables } from './fixed-point.ts'
import { field, recordWords } from './item-records.ts'
import { ItemRules } from './item-rules.ts'
import { Neighbours } from './neighbours.ts'
import { Preselection } from './preselection.ts'
import { OwnItems, type RunningSession } from './running-session.ts'
import { SecondHop } from './second-hop.ts'
import type { SessionIndex } from './session-index.ts'

/** Below so many candidates popular items are added, up to so many. */
const fillBelow = 40
const fillUpTo = 80

/**
 * What speaks for which item, for one running session: the sums of every touched item, and the candidates worth ranking.
 * Its scratch is used again for the next question, so one instance serves one question at a time.
 */
export class Gathering {
  readonly index: SessionIndex
  readonly own: OwnItems
  readonly evidence = new Evidence()
  readonly candidates = new Candidates()
  /** The running session's events are in the index. */
  isStored = false
  /** Called before popular items are added. */
  onFill: (() => void) | undefined
  private readonly best = new BestOf()
  private readonly neighbours: Neighbours
  private readonly rules: ItemRules
  private readonly preselection: Preselection
  private readonly hop: SecondHop

  constructor(index: SessionIndex) {
    const tables = weightTables(index.parameters)
    this.index = index
    this.own = new OwnItems(index.parameters.ownEventsMax)
    this.neighbours = new Neighbours(index, tables)
    this.rules = new ItemRules(index, tables)
    this.preselection = new Preselection(index, this.best)
    this.hop = new SecondHop(index, tables, this.best)
  }

  /** Sets `evidence` and `candidates`; at least `candidatesMin` of them where so many items were touched. */
  gather(running: RunningSession, candidatesMin = 0): void {
    const { index, evidence, candidates, own, precedes } = this
    const { parameters } = index
    const stored = Math.min(index.sessions.lengthOf(running.session), running.count)
    this.isStored = stored > 0
    own.read(running, stored)
    evidence.begin(index.items.count)
    this.touchOwn()
    if (own.count > 0) this.addSums(running)
    const wanted = Math.max(parameters.candidates, candidatesMin)
    this.preselection.choose(evidence, own, candidates, { wanted, precedes })
    candidates.joinedFrom = candidates.count
    const { hopItems, hopTouchedMax } = parameters
    if (hopItems > 0 && evidence.touched < hopTouchedMax) this.hop.add(evidence, candidates, precedes)
    if (candidates.count < fillBelow) this.fill()
  }

  /** More events first, then the smaller id. */
  readonly precedes: TieOrder = (a, b) => {
    const { rows } = this.evidence
    const { items, ids } = this.index
    const first = items.words[rows[a + rowItem] * recordWords + field.clicks]
    const second = items.words[rows[b + rowItem] * recordWords + field.clicks]
    return first !== second ? first > second : ids.precedes(rows[a + rowItem], rows[b + rowItem])
  }

  get scratchBytes(): number {
    return this.evidence.bytes + this.neighbours.bytes + this.best.keys.byteLength + this.best.tags.byteLength
  }

  private touchOwn(): void {
    const { own, evidence } = this
    const rows = evidence.reserve(own.count)
    for (let i = 0; i < own.count; i++) rows[evidence.add(own.items[i]) + rowOwn] = i + 1
  }

  /** Steps A to D. */
  private addSums({ items, count, session }: RunningSession): void {
    const { own, evidence, neighbours, rules } = this
    neighbours.scan(neighbours.find(own, session), own, evidence)
    rules.addCurrent(items[count - 1], count > 1 ? items[count - 2] : -1, session, evidence)
    if (own.count > 1) rules.addPrevious(own.items[1], session, evidence)
  }

  /** Step G: a list is never short, not even after an item that nobody knows. */
  private fill(): void {
    const { evidence, candidates } = this
    const { popular } = this.index
    this.onFill?.()
    evidence.reserve(popular.count)
    for (let i = 0; i < popular.count && candidates.count < fillUpTo; i++) {
      if (evidence.find(popular.items[i]) < 0) candidates.add(evidence.add(popular.items[i]), 0)
    }
  }
}
