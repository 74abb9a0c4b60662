import { TopItems } from '../top-items.ts'
import type { NearItems } from './vector-search.ts'
import type { VectorTable } from './vector-table.ts'

/** More than is asked for, so that some may be lost before all items have to be looked at again. */
const spare = 2
/** Lists kept, 1 to 2 KB each; the one that was made or mended longest ago goes first, and is made again when asked for. */
const listsMax = 2_048
/** Changes remembered; a list older than all of them is made again. A power of two. */
const changesMax = 4_096

interface KeptList {
  /** Of the slot that is searched from, whose change changes everything. */
  version: number
  /** Changes that it takes into account. */
  upTo: number
  asked: number
  items: Int32Array
  nearness: Float64Array
  /** Every item outside the list comes after this: less near, or as near with a larger id. */
  edge: Edge
}

interface Edge {
  nearness: number
  item: number
}

/** None outside is alike at all. */
const noEdge: Edge = { nearness: 0, item: -1 }

/**
 * Exact search that keeps what it has found. Comparing with all items takes milliseconds among 20,000, while few of them
 * change between two questions: only these are compared again, and the answer is the same as that of comparing with all.
 */
export class KeptNeighbours {
  private readonly table: VectorTable
  private readonly top: TopItems
  private readonly nameOf: (item: number) => string
  private readonly lists = new Map<number, KeptList>()
  private readonly changes = new Int32Array(changesMax)
  private changeCount = 0
  private stamps = new Uint32Array(256)
  private stamp = 0

  constructor(table: VectorTable, nameOf: (item: number) => string) {
    this.table = table
    this.nameOf = nameOf
    this.top = new TopItems(nameOf, 128)
  }

  /** To be told of every slot that was filled, changed or freed. */
  changed(slot: number): void {
    this.changes[this.changeCount++ & (changesMax - 1)] = slot
  }

  /** `count` nearest to the item of `slot`, which has one. */
  neighboursOf(slot: number, count: number): NearItems {
    const known = this.lists.get(slot)
    const isCurrent = known?.upTo === this.changeCount && known.version === this.table.versions[slot]
    const list = known && isCurrent && known.asked >= count ? known : this.renewed(slot, count, known)
    const length = Math.min(count, list.items.length)
    return { items: list.items.slice(0, length), scores: Float32Array.from(list.nearness.subarray(0, length)) }
  }

  private renewed(slot: number, count: number, known: KeptList | undefined): KeptList {
    const list = (known && this.mended(slot, count, known)) ?? this.made(slot, count)
    this.lists.delete(slot)
    this.lists.set(slot, list)
    if (this.lists.size > listsMax) this.lists.delete(this.lists.keys().next().value as number)
    return list
  }

  private made(slot: number, count: number): KeptList {
    const { top, table } = this
    top.reset(count * spare)
    for (let other = 0; other < table.slots; other++) this.offer(slot, other, noEdge)
    return this.listOf(slot, count, noEdge)
  }

  /** With what has changed since; null where that does not tell what the nearest are now. */
  private mended(slot: number, count: number, known: KeptList): KeptList | null {
    const { top, table } = this
    const changes = this.changeCount - known.upTo
    const isRecent = changes <= changesMax && changes < table.slots / 2
    if (!isRecent || known.asked < count || known.version !== table.versions[slot]) return null
    this.markChanged(known.upTo)
    top.reset(known.asked * spare)
    for (let i = 0; i < known.items.length; i++) {
      const other = table.find(known.items[i])
      if (other >= 0 && this.stamps[other] !== this.stamp) top.offer(known.items[i], known.nearness[i])
    }
    this.offerChanged(slot, known)
    const list = this.listOf(slot, known.asked, known.edge)
    return list.items.length >= count || known.edge === noEdge ? list : null
  }

  private markChanged(from: number): void {
    if (this.stamps.length < this.table.slots) this.stamps = new Uint32Array(this.table.slots * spare)
    this.stamp++
    for (let i = from; i < this.changeCount; i++) this.stamps[this.changes[i & (changesMax - 1)]] = this.stamp
  }

  /** Each once. What comes after the edge may come after items that are not known as well. */
  private offerChanged(slot: number, { upTo, edge }: KeptList): void {
    for (let i = upTo; i < this.changeCount; i++) {
      const other = this.changes[i & (changesMax - 1)]
      if (this.stamps[other] !== this.stamp) continue
      this.stamps[other] = 0
      this.offer(slot, other, edge)
    }
  }

  private offer(slot: number, other: number, edge: Edge): void {
    const item = this.table.itemOf[other]
    if (item < 0 || other === slot) return
    const nearness = this.table.nearness(slot, other)
    const isTied = nearness === edge.nearness && edge !== noEdge
    if (nearness > edge.nearness || (isTied && this.nameOf(item) < this.nameOf(edge.item)))
      this.top.offer(item, nearness)
  }

  private listOf(slot: number, asked: number, edge: Edge): KeptList {
    const { top } = this
    top.sort()
    const last = top.count - 1
    const isFull = top.count === asked * spare
    return {
      version: this.table.versions[slot],
      upTo: this.changeCount,
      asked,
      items: top.items.slice(0, top.count),
      nearness: top.keys.slice(0, top.count),
      edge: isFull ? { nearness: top.keys[last], item: top.items[last] } : edge
    }
  }
}
