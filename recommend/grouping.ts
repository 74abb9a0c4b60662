import { grown } from './grown.ts'

const nobody: readonly number[] = []

/** Items that share something (category, brand, price band, product they are variants of); each is in one group or none. */
export class Grouping {
  /** Group of an item, −1 = none. */
  groupOf = new Int32Array(0)
  private places = new Int32Array(0)
  private readonly groups: number[][] = []

  /** So that `groupOf` can be read for every item below. */
  reserve(items: number): void {
    this.groupOf = grown(this.groupOf, items, -1)
    this.places = grown(this.places, items, -1)
  }

  assign(item: number, group: number): void {
    if (item >= this.groupOf.length) this.reserve(item + 1)
    const before = this.groupOf[item]
    if (before === group) return
    if (before >= 0) this.leave(item, before)
    this.groupOf[item] = group
    if (group < 0) return
    while (this.groups.length <= group) this.groups.push([])
    this.places[item] = this.groups[group].push(item) - 1
  }

  /** In no order that means anything. */
  membersOf(group: number): readonly number[] {
    return this.groups[group] ?? nobody
  }

  private leave(item: number, group: number): void {
    const members = this.groups[group]
    const last = members.pop() as number
    if (last === item) return
    const place = this.places[item]
    members[place] = last
    this.places[last] = place
  }
}
