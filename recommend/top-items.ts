/**
 * The best `limit` of many items, in a fixed order: higher key first, then smaller id. A bounded heap whose root is the
 * worst kept, so that most offers cost one comparison.
 */
export class TopItems {
  items: Int32Array
  keys: Float64Array
  count = 0
  private limit = 0
  private readonly nameOf: (item: number) => string

  constructor(nameOf: (item: number) => string, capacity: number) {
    this.nameOf = nameOf
    this.items = new Int32Array(capacity)
    this.keys = new Float64Array(capacity)
  }

  /** `limit` of at least 1. */
  reset(limit: number): void {
    this.count = 0
    this.limit = limit
    if (limit <= this.items.length) return
    this.items = new Int32Array(limit)
    this.keys = new Float64Array(limit)
  }

  offer(item: number, key: number): void {
    if (this.count < this.limit) {
      this.rise(this.count++, item, key)
      return
    }
    const worst = this.keys[0]
    if (key < worst || (key === worst && this.nameOf(item) > this.nameOf(this.items[0]))) return
    this.sink(0, item, key)
  }

  /** Best first; nothing may be offered afterwards. */
  sort(): void {
    const all = this.count
    while (this.count > 1) {
      const last = --this.count
      const item = this.items[last]
      const key = this.keys[last]
      this.items[last] = this.items[0]
      this.keys[last] = this.keys[0]
      this.sink(0, item, key)
    }
    this.count = all
  }

  private isWorse(item: number, key: number, other: number): boolean {
    const otherKey = this.keys[other]
    return key < otherKey || (key === otherKey && this.nameOf(item) > this.nameOf(this.items[other]))
  }

  private rise(start: number, item: number, key: number): void {
    let at = start
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.isWorse(item, key, parent)) break
      this.items[at] = this.items[parent]
      this.keys[at] = this.keys[parent]
      at = parent
    }
    this.items[at] = item
    this.keys[at] = key
  }

  private sink(start: number, item: number, key: number): void {
    const { count, items, keys } = this
    let at = start
    for (;;) {
      let child = 2 * at + 1
      if (child >= count) break
      if (child + 1 < count && this.isWorse(items[child + 1], keys[child + 1], child)) child++
      if (this.isWorse(item, key, child)) break
      items[at] = items[child]
      keys[at] = keys[child]
      at = child
    }
    items[at] = item
    keys[at] = key
  }
}
