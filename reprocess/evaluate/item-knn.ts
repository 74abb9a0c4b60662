import type { ItemIds } from '../../recommend/session-index/item-ids.ts'
import { BestItems } from './best-items.ts'
import type { Method, Question } from './method.ts'

/** Items in the same sessions as the last one, by cosine (item-kNN: Davidson et al. 2010, as in Ludewig, Jannach 2018). */
export class ItemKnn implements Method {
  private readonly best: BestItems
  private readonly together = new Map<number, Map<number, number>>()
  private readonly sessionsOf = new Map<number, number>()
  private readonly sessions: Set<number>[] = []

  constructor(ids: ItemIds) {
    this.best = new BestItems(ids)
  }

  startSession(): number {
    this.sessions.push(new Set())
    return this.sessions.length - 1
  }

  observe(session: number, item: number): void {
    const items = this.sessions[session]
    this.best.click(item)
    if (items.has(item)) return
    for (const other of items) {
      this.add(item, other)
      this.add(other, item)
    }
    items.add(item)
    this.sessionsOf.set(item, (this.sessionsOf.get(item) ?? 0) + 1)
  }

  answer({ items }: Question, wanted: number): number[] {
    const last = items[items.length - 1]
    const own = this.sessionsOf.get(last) ?? 0
    const cosines = [...(this.together.get(last) ?? [])].map(
      ([item, both]) => [item, both / Math.sqrt(own * this.sessionsOf.get(item)!)] as const
    )
    return this.best.best(cosines, wanted)
  }

  private add(item: number, other: number): void {
    let row = this.together.get(item)
    if (!row) {
      row = new Map()
      this.together.set(item, row)
    }
    row.set(other, (row.get(other) ?? 0) + 1)
  }
}
