import type { ItemIds } from '../../recommend/session-index/item-ids.ts'

/** Clicks per item, and the order of lists: score, then clicks, then the smaller id. */
export class BestItems {
  readonly clicks = new Map<number, number>()
  private readonly ids: ItemIds

  constructor(ids: ItemIds) {
    this.ids = ids
  }

  click(item: number): void {
    this.clicks.set(item, (this.clicks.get(item) ?? 0) + 1)
  }

  clicksOf(item: number): number {
    return this.clicks.get(item) ?? 0
  }

  best(scores: Iterable<readonly [item: number, score: number]>, wanted: number): number[] {
    const scored = [...scores].sort(
      ([a, first], [b, second]) =>
        second - first || this.clicksOf(b) - this.clicksOf(a) || (this.ids.precedes(a, b) ? -1 : 1)
    )
    return scored.slice(0, wanted).map(([item]) => item)
  }
}
