import type { ItemIds } from '../../recommend/session-index/item-ids.ts'
import { BestItems } from './best-items.ts'
import type { Method, Question } from './method.ts'

const clicksBetween = 1000

/** The most clicked items, for everybody. */
export class Popularity implements Method {
  private readonly best: BestItems
  private list: number[] = []
  private clicks = 0
  private madeAt = -1

  constructor(ids: ItemIds) {
    this.best = new BestItems(ids)
  }

  startSession(): number {
    return 0
  }

  observe(_session: number, item: number): void {
    this.best.click(item)
    this.clicks++
  }

  answer(_question: Question, wanted: number): number[] {
    if (this.madeAt < 0 || this.list.length < wanted || this.clicks >= this.madeAt + clicksBetween) {
      this.list = this.best.best(this.best.clicks, wanted)
      this.madeAt = this.clicks
    }
    return this.list.slice(0, wanted)
  }
}
