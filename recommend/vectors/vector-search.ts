import { TopItems } from '../top-items.ts'
import type { VectorPair, VectorTable } from './vector-table.ts'

/** Items and how near they are, 1 = the same; best first, ties by the smaller id. */
export interface NearItems {
  readonly items: Int32Array
  readonly scores: Float32Array
}

/** Which items are near one another: one port, whatever finds them. Items are numbers of the catalog. */
export interface VectorSearch {
  readonly count: number
  put(item: number, pair: VectorPair): void
  remove(item: number): void
  /** At most `count`, never the item itself, none that are not like it at all; empty for an item without a vector. */
  neighboursOf(item: number, count: number): NearItems
}

export const noneNear: NearItems = { items: new Int32Array(0), scores: new Float32Array(0) }

/** Keeps the best of what is offered; used again for every search. */
export class Nearest {
  private readonly table: VectorTable
  private readonly top: TopItems
  private slot = -1

  constructor(table: VectorTable, nameOf: (item: number) => string) {
    this.table = table
    this.top = new TopItems(nameOf, 64)
  }

  begin(slot: number, count: number): void {
    this.slot = slot
    this.top.reset(count)
  }

  offer(slot: number): void {
    const item = this.table.itemOf[slot]
    if (item < 0 || slot === this.slot) return
    const nearness = this.table.nearness(this.slot, slot)
    if (nearness > 0) this.top.offer(item, nearness)
  }

  end(): NearItems {
    const { top } = this
    top.sort()
    return { items: top.items.slice(0, top.count), scores: Float32Array.from(top.keys.subarray(0, top.count)) }
  }
}
