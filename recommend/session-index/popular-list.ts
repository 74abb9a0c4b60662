import { coarseDecay } from './fixed-point.ts'
import { field, recordFloats, recordWords } from './item-records.ts'
import type { SessionIndex } from './session-index.ts'

const popularMax = 60
const eventsBetween = 2048
/** Which of the four half-lives: one day. */
const day = 1

/**
 * The items most popular lately. Made when so many events have been seen, whoever asks and whenever: so it is the same on
 * every server and after every restart.
 */
export class PopularList {
  readonly items = new Int32Array(popularMax)
  count = 0
  /** Number of events with which it is made again. */
  nextAt = 1
  private readonly values = new Float64Array(popularMax)
  private readonly index: SessionIndex

  constructor(index: SessionIndex) {
    this.index = index
  }

  /** Of a small index often, then every 2,048 events. */
  make(): void {
    const { events } = this.index
    this.nextAt = events + Math.min(eventsBetween, Math.max(1, events >> 4))
    this.refresh()
  }

  /** Without what was taken out of the index meanwhile; it is made again with the same event as elsewhere. */
  refresh(): void {
    const { items, now, parameters } = this.index
    this.count = 0
    const halfLife = parameters.halfLivesS[day]
    for (let item = 0; item < items.count; item++) {
      const undecayed = items.floats[item * recordFloats + day]
      if (undecayed <= 0 || (this.count === popularMax && undecayed < this.values[popularMax - 1])) continue
      const time = items.words[item * recordWords + field.time] >>> 0
      this.insert(item, undecayed * coarseDecay(Math.max(0, now - time) / halfLife))
    }
  }

  restore(items: readonly number[], nextAt: number): void {
    this.items.set(items)
    this.count = items.length
    this.nextAt = nextAt
  }

  private insert(item: number, value: number): void {
    const { values, items } = this
    if (this.count === popularMax && !this.isBefore(item, value, popularMax - 1)) return
    let i = this.count < popularMax ? this.count++ : popularMax - 1
    for (; i > 0 && this.isBefore(item, value, i - 1); i--) {
      values[i] = values[i - 1]
      items[i] = items[i - 1]
    }
    values[i] = value
    items[i] = item
  }

  private isBefore(item: number, value: number, place: number): boolean {
    const other = this.values[place]
    return value > other || (value === other && this.index.ids.precedes(item, this.items[place]))
  }
}
