import type { ByteReader, ByteWriter } from '../engine/bytes.ts'

const timesMax = 8

/** An item that a person bought: how often, and when, newest first, ≤ 8, so that the last one can be taken back. */
export interface Bought {
  times: number[]
  count: number
}

/** What a person bought, by item, as columns: people are many, and most things they bought once. */
export class BoughtItems {
  readonly #ids: string[] = []
  readonly #counts: number[] = []
  readonly #lasts: number[] = []
  /** Times before the last one, of items that have any. */
  readonly #earlier = new Map<string, number[]>()

  static of(items: Record<string, Bought>): BoughtItems {
    const bought = new BoughtItems()
    for (const [id, { times, count }] of Object.entries(items)) bought.#append(id, count, times)
    return bought
  }

  /** For people, digests and handovers. */
  toJSON(): Record<string, Bought> {
    return Object.fromEntries(this.#ids.map((id, i) => [id, { times: this.#timesAt(i), count: this.#counts[i] }]))
  }

  /** Newest first, ties by id. */
  newest(max: number): { product_id: string; ts: number; count: number }[] {
    return this.#ids
      .map((product_id, i) => ({ product_id, ts: this.#lasts[i], count: this.#counts[i] }))
      .sort((a, b) => b.ts - a.ts || (a.product_id < b.product_id ? -1 : 1))
      .slice(0, max)
  }

  /** Once at each of `times`, and `more` times of which it is not known when. */
  note(id: string, times: readonly number[], more = 0): void {
    const at = this.#ids.indexOf(id)
    const all = at < 0 ? [...times] : [...this.#timesAt(at), ...times]
    const count = (at < 0 ? 0 : this.#counts[at]) + times.length + more
    const kept = all.sort((a, b) => b - a).slice(0, timesMax)
    if (at < 0) this.#append(id, count, kept)
    else this.#set(at, count, kept)
  }

  takeBack(id: string, ts: number): void {
    const at = this.#ids.indexOf(id)
    if (at < 0) return
    const count = this.#counts[at]
    if (count <= 1) {
      this.#remove(at)
      return
    }
    const times = this.#timesAt(at)
    const gone = times.indexOf(ts)
    this.#set(at, count - 1, gone < 0 ? times : times.toSpliced(gone, 1))
  }

  /** With more than twice `max` items, keeps the newest `max`. */
  cut(max: number): void {
    if (this.#ids.length <= max * 2) return
    const kept = new Set(this.newest(max).map(({ product_id }) => product_id))
    for (let at = this.#ids.length - 1; at >= 0; at--) if (!kept.has(this.#ids[at])) this.#remove(at)
  }

  write(out: ByteWriter, asOf: number): void {
    out.varint(this.#ids.length)
    for (let i = 0; i < this.#ids.length; i++) {
      const times = this.#timesAt(i)
      out.string(this.#ids[i]).varint(this.#counts[i]).u8(times.length)
      let last = asOf
      for (const ts of times) {
        out.zigzag(last - ts)
        last = ts
      }
    }
  }

  /** `idOf` gives the string that others have of the same item. */
  static read(input: ByteReader, asOf: number, idOf: (id: string) => string): BoughtItems {
    const bought = new BoughtItems()
    for (let left = input.varint(); left > 0; left--) {
      const [id, count] = [idOf(input.string()), input.varint()]
      let last = asOf
      const times = Array.from({ length: input.u8() }, () => {
        last -= input.zigzag()
        return last
      })
      bought.#append(id, count, times)
    }
    return bought
  }

  #timesAt(at: number): number[] {
    const earlier = this.#earlier.get(this.#ids[at])
    if (earlier) return [this.#lasts[at], ...earlier]
    return this.#lasts[at] === 0 ? [] : [this.#lasts[at]]
  }

  #append(id: string, count: number, times: readonly number[]): void {
    this.#ids.push(id)
    this.#counts.push(count)
    this.#lasts.push(0)
    this.#set(this.#ids.length - 1, count, times)
  }

  #set(at: number, count: number, times: readonly number[]): void {
    this.#counts[at] = count
    this.#lasts[at] = times[0] ?? 0
    if (times.length > 1) this.#earlier.set(this.#ids[at], times.slice(1))
    else this.#earlier.delete(this.#ids[at])
  }

  /** The last one takes its place. */
  #remove(at: number): void {
    const [id, count, last] = [this.#ids.pop() as string, this.#counts.pop() as number, this.#lasts.pop() as number]
    if (at === this.#ids.length) {
      this.#earlier.delete(id)
      return
    }
    this.#earlier.delete(this.#ids[at])
    this.#ids[at] = id
    this.#counts[at] = count
    this.#lasts[at] = last
  }
}
