import { logOfCount, naturalLog } from '../session-index/exact-maths.ts'
import type { Gathering } from '../session-index/gathering.ts'
import { field, recordWords } from '../session-index/item-records.ts'
import type { RunningSession } from '../session-index/running-session.ts'

/** What places a re-visit: how this session and its items' visitors go back, which no neighbour method models. */
export class OwnFeatures {
  private readonly gathering: Gathering
  private lnLength = 0
  private breadth = 0
  private diversity = 0
  /** How the session itself repeats an item at once, and comes back to one. */
  private repeatRate = 0
  private revisitRate = 0
  private isAfterRepeat = 0
  private isAfterRevisit = 0
  /** What followed and preceded the previous occurrence of the current item; −1: none. */
  private followed = -1
  private preceded = -1
  private first = -1

  constructor(gathering: Gathering) {
    this.gathering = gathering
  }

  begin({ items, count }: RunningSession, lnLength: number, breadth: number): void {
    const { own } = this.gathering
    this.lnLength = lnLength
    this.breadth = breadth
    this.diversity = 2 * (own.count / own.events - 0.7)
    let repeats = 0
    for (let i = 0; i < own.count; i++) repeats += own.repeats[i]
    const revisits = own.events - own.count - repeats
    this.repeatRate = naturalLog((repeats + 0.3) / (own.events + 1)) + 1.5
    this.revisitRate = naturalLog((revisits + 0.3) / (own.events + 1)) + 1.5
    this.first = count > 2 ? items[0] : -1
    this.isAfterRepeat = count > 1 && items[count - 1] === items[count - 2] ? 1 : 0
    this.followed = -1
    this.preceded = -1
    for (let i = count - 2; i >= own.from; i--) {
      if (items[i] !== items[count - 1]) continue
      this.followed = items[i + 1]
      this.preceded = i > 0 ? items[i - 1] : -1
      break
    }
    this.isAfterRevisit = this.followed >= 0 && this.isAfterRepeat === 0 ? 1 : 0
  }

  /** The 21 features of the `i`-th own item, from `at` on. */
  add(x: Float64Array, at: number, i: number): void {
    const { own } = this.gathering
    const item = own.items[i]
    const step = own.steps[i]
    const isCurrent = step === 1 ? 1 : 0
    const isEarlier = 1 - isCurrent
    x[at] = 1
    x[at + 1] = isCurrent
    x[at + 2] = step === 2 ? 1 : 0
    x[at + 3] = step === 3 ? 1 : 0
    x[at + 4] = step === 4 ? 1 : 0
    x[at + 5] = logOfCount(step)
    x[at + 6] = logOfCount(own.times[i])
    x[at + 7] = isCurrent === 1 ? this.rateOf(item, i, field.repeats) : 0
    x[at + 8] = isEarlier === 1 ? this.rateOf(item, i, field.revisits) : 0
    x[at + 9] = this.diversity
    x[at + 10] = this.lnLength
    x[at + 11] = item === this.first ? 1 : 0
    x[at + 12] = isCurrent * this.repeatRate
    x[at + 13] = isEarlier * this.revisitRate
    x[at + 14] = isCurrent * this.isAfterRepeat
    x[at + 15] = isEarlier * this.isAfterRepeat
    x[at + 16] = isEarlier * this.isAfterRevisit
    x[at + 17] = isCurrent * this.isAfterRevisit
    x[at + 18] = isEarlier === 1 && item === this.followed ? 1 : 0
    x[at + 19] = isEarlier === 1 && item === this.preceded ? 1 : 0
    x[at + 20] = isEarlier * this.breadth
  }

  /** How often others repeat the item at once, or come back to it. */
  private rateOf(item: number, i: number, kind: typeof field.repeats | typeof field.revisits): number {
    const { own, index } = this.gathering
    const { words } = index.items
    const at = item * recordWords
    const storedRepeats = own.storedRepeats[i]
    const mine = kind === field.repeats ? storedRepeats : Math.max(0, own.storedTimes[i] - 1) - storedRepeats
    const others = Math.max(0, words[at + kind] - mine)
    const clicks = Math.max(0, words[at + field.clicks] - own.storedTimes[i])
    return naturalLog((others + 0.3) / (clicks + 3)) + 2
  }
}
