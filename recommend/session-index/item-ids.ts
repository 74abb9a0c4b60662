/** Items by number, in order of their first event; ids are given out once and never taken back. */
export class ItemIds {
  readonly ids: string[] = []
  private readonly numbers = new Map<string, number>()

  get count(): number {
    return this.ids.length
  }

  /** −1: never seen. */
  find(id: string): number {
    return this.numbers.get(id) ?? -1
  }

  add(id: string): number {
    const known = this.numbers.get(id)
    if (known !== undefined) return known
    const item = this.ids.length
    this.ids.push(id)
    this.numbers.set(id, item)
    return item
  }

  /** The smaller id is the shorter one, then the first by code unit: of whole numbers, the smaller number. */
  precedes(a: number, b: number): boolean {
    const first = this.ids[a]
    const second = this.ids[b]
    return first.length !== second.length ? first.length < second.length : first < second
  }
}
