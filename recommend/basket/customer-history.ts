/** What is kept of an order dates back this much less with every order after it (TIFU-kNN: Hu et al. 2020). */
const fading = 0.7
const faded = Float64Array.from({ length: 256 }, () => 1)
for (let i = 1; i < faded.length; i++) faded[i] = faded[i - 1] * fading

/** Items kept per customer; a new one takes the place of the faintest. */
export const itemsMax = 500
/** Newest baskets that an erasure can take out of the items' counters at once. */
const basketsMax = 200

/** What one customer has ordered, item by item. */
export class CustomerHistory {
  orders = 0
  /** Of the newest order. */
  timeS = 0
  count = 0
  items = new Int32Array(16)
  counts = new Int32Array(16)
  /** Number of the item's newest order, from 0. */
  lastOrders = new Int32Array(16)
  times = new Float64Array(16)
  readonly baskets: number[] = []
  private strengths = new Float64Array(16)

  /** Decayed frequency of the i-th item: Σ 0.7^(orders ago). */
  frequencyAt(i: number): number {
    return this.strengths[i] * (faded[this.orders - this.lastOrders[i]] ?? 0)
  }

  /** Returns how many of the items had been ordered before, in `reordered`. */
  add(basket: number, items: readonly number[], timeS: number, reordered: (item: number) => void): void {
    for (const item of items) {
      const i = this.items.subarray(0, this.count).indexOf(item)
      if (i >= 0) {
        reordered(item)
        this.strengths[i] = this.frequencyAt(i) + 1
        this.counts[i]++
        this.touch(i, timeS)
      } else this.addItem(item, timeS)
    }
    this.orders++
    this.timeS = Math.max(this.timeS, timeS)
    this.baskets.push(basket)
    if (this.baskets.length > basketsMax) this.baskets.shift()
  }

  private addItem(item: number, timeS: number): void {
    if (this.count === this.items.length && this.count < itemsMax) this.grow()
    const i = this.count < itemsMax ? this.count++ : this.faintest()
    this.items[i] = item
    this.counts[i] = 1
    this.strengths[i] = 1
    this.touch(i, timeS)
  }

  private touch(i: number, timeS: number): void {
    this.lastOrders[i] = this.orders
    this.times[i] = timeS
  }

  private faintest(): number {
    let found = 0
    for (let i = 1; i < this.count; i++) if (this.frequencyAt(i) < this.frequencyAt(found)) found = i
    return found
  }

  private grow(): void {
    const room = Math.min(this.items.length * 2, itemsMax)
    const longer = <A extends Int32Array | Float64Array>(array: A, larger: A) => {
      larger.set(array)
      return larger
    }
    this.items = longer(this.items, new Int32Array(room))
    this.counts = longer(this.counts, new Int32Array(room))
    this.lastOrders = longer(this.lastOrders, new Int32Array(room))
    this.times = longer(this.times, new Float64Array(room))
    this.strengths = longer(this.strengths, new Float64Array(room))
  }
}
