import type { ItemIds } from '../../recommend/session-index/item-ids.ts'
import { BestItems } from './best-items.ts'
import type { Method, Question } from './method.ts'

interface RulesOptions {
  /** Distances counted: 10 for sequential rules, 1 for a Markov chain. */
  distanceMax: number
  /** Each distinct earlier item counts at its nearest occurrence only. */
  nearestOnly: boolean
}

/** Sequential rules (SR: Ludewig, Jannach 2018): what came at most 10 steps after an item, weighed by 1/distance; the row of the last item. */
export class SequentialRules implements Method {
  private readonly best: BestItems
  private readonly rows = new Map<number, Map<number, number>>()
  private readonly sessions: number[][] = []
  private readonly options: RulesOptions

  constructor(ids: ItemIds, options: RulesOptions) {
    this.best = new BestItems(ids)
    this.options = options
  }

  startSession(): number {
    this.sessions.push([])
    return this.sessions.length - 1
  }

  observe(session: number, item: number): void {
    const items = this.sessions[session]
    this.best.click(item)
    const seen = new Set<number>()
    for (let distance = 1; distance <= this.options.distanceMax && distance <= items.length; distance++) {
      const earlier = items[items.length - distance]
      if (this.options.nearestOnly && seen.has(earlier)) continue
      seen.add(earlier)
      let row = this.rows.get(earlier)
      if (!row) {
        row = new Map()
        this.rows.set(earlier, row)
      }
      row.set(item, (row.get(item) ?? 0) + 1 / distance)
    }
    items.push(item)
  }

  answer({ items }: Question, wanted: number): number[] {
    return this.best.best(this.rows.get(items[items.length - 1]) ?? [], wanted)
  }
}
