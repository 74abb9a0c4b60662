import { Nearest, type NearItems, noneNear, type VectorSearch } from './vector-search.ts'
import { type VectorPair, VectorTable } from './vector-table.ts'

/**
 * Compares with every item: about 0.1 µs each, 0.2 with behaviour, so 2 to 4 ms among 20,000. Whole numbers and ties by
 * id: the same answer on every server.
 */
export class ExactSearch implements VectorSearch {
  readonly table = new VectorTable()
  private readonly nearest: Nearest

  constructor(nameOf: (item: number) => string) {
    this.nearest = new Nearest(this.table, nameOf)
  }

  get count(): number {
    return this.table.count
  }

  put(item: number, pair: VectorPair): void {
    this.table.put(item, pair)
  }

  remove(item: number): void {
    this.table.remove(item)
  }

  neighboursOf(item: number, count: number): NearItems {
    const { table, nearest } = this
    const slot = table.find(item)
    if (slot < 0) return noneNear
    nearest.begin(slot, count)
    for (let other = 0; other < table.slots; other++) nearest.offer(other)
    return nearest.end()
  }
}
