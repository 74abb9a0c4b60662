import { longer } from './longer.ts'
import { doublingCapacities, SlicePool } from './slice-pool.ts'

/** Words of a session's head. */
export const head = { offset: 0, lengthAndClass: 1, time: 2, start: 3 } as const
export const headWords = 4
/** Length of `lengthAndClass`. */
export const lengthMask = 0xffff
const classShift = 16
const noSlice = -1
/** Length 0 of a class that no session has. */
const emptiedMark = 0xff << classShift

/**
 * Per session its items in order, with repeats. Sessions are numbered in order of their start, for ever; those from
 * `base` on are kept. Times are whole seconds since 1970, as unsigned 32-bit numbers.
 */
export class SessionLog {
  heads = new Int32Array(1024 * headWords)
  readonly slices: SlicePool
  /** Number of the oldest session kept. */
  base = 0
  /** Number of the next one to start. */
  next = 0
  /** Number of the session whose head comes first; those below `base` await compaction. */
  origin = 0
  /** Topic offset that start words count from. */
  offsetOrigin = 0
  /** Sessions kept whose events were taken out. */
  emptied = 0
  private readonly eventsMax: number

  constructor(eventsMax: number) {
    this.eventsMax = eventsMax
    this.slices = new SlicePool(doublingCapacities(4, eventsMax))
  }

  /** `topicOffset`: of the session's first event; it never falls. */
  start(time: number, topicOffset: number): number {
    if (this.next === this.origin) this.offsetOrigin = topicOffset
    const at = this.at(this.next)
    this.heads = longer(this.heads, at + headWords)
    this.heads[at + head.offset] = noSlice
    this.heads[at + head.lengthAndClass] = 0
    this.heads[at + head.time] = time
    this.heads[at + head.start] = topicOffset - this.offsetOrigin
    return this.next++
  }

  /** A session that is full stays as it is. */
  append(session: number, item: number): void {
    const at = this.at(session)
    const { heads, slices } = this
    const length = heads[at + head.lengthAndClass] & lengthMask
    if (length >= this.eventsMax) return
    let sizeClass = heads[at + head.lengthAndClass] >>> classShift
    if (heads[at + head.offset] === noSlice) {
      if (this.isEmptied(at)) this.emptied--
      sizeClass = 0
      heads[at + head.offset] = slices.take(0)
    } else if (length === slices.capacities[sizeClass]) {
      heads[at + head.offset] = slices.exchange(heads[at + head.offset], sizeClass, length)
      sizeClass++
    }
    slices.words[heads[at + head.offset] + length] = item
    heads[at + head.lengthAndClass] = (length + 1) | (sizeClass << classShift)
  }

  has(session: number): boolean {
    return session >= this.base && session < this.next
  }

  /** Sessions that have events. */
  get live(): number {
    return this.next - this.base - this.emptied
  }

  lengthOf(session: number): number {
    return this.has(session) ? this.heads[this.at(session) + head.lengthAndClass] & lengthMask : 0
  }

  itemAt(session: number, position: number): number {
    return this.slices.words[this.heads[this.at(session) + head.offset] + position]
  }

  offsetOf(session: number): number {
    return this.heads[this.at(session) + head.offset]
  }

  timeOf(session: number): number {
    return this.heads[this.at(session) + head.time] >>> 0
  }

  setTime(session: number, time: number): void {
    this.heads[this.at(session) + head.time] = time
  }

  /** Takes the events out; the number stays, and reads as a session of no length. */
  empty(session: number): void {
    const at = this.at(session)
    const { heads } = this
    if (heads[at + head.offset] === noSlice) return
    this.slices.give(heads[at + head.offset], heads[at + head.lengthAndClass] >>> classShift)
    heads[at + head.offset] = noSlice
    heads[at + head.lengthAndClass] = emptiedMark
    this.emptied++
  }

  /** Forgets the oldest session, emptied before. */
  dropOldest(): void {
    if (this.isEmptied(this.at(this.base))) this.emptied--
    this.base++
    const dropped = this.base - this.origin
    if (dropped >= 1024 && dropped > this.next - this.base) this.compact(dropped)
  }

  /** Topic offset of its first event. */
  startOf(session: number): number {
    return this.offsetOrigin + (this.heads[this.at(session) + head.start] >>> 0)
  }

  /** The session that started with the event at this offset, or −1: how an erasure finds what it has read in the log. */
  startedAt(topicOffset: number): number {
    const start = topicOffset - this.offsetOrigin
    let low = this.base
    let high = this.next - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      const found = this.heads[this.at(middle) + head.start] >>> 0
      if (found === start) return middle
      if (found < start) low = middle + 1
      else high = middle - 1
    }
    return -1
  }

  get words(): number {
    return (this.next - this.origin) * headWords
  }

  private at(session: number): number {
    return (session - this.origin) * headWords
  }

  private isEmptied(at: number): boolean {
    return this.heads[at + head.lengthAndClass] === emptiedMark
  }

  private compact(dropped: number): void {
    this.heads.copyWithin(0, dropped * headWords, this.words)
    this.origin = this.base
    const rebase = this.heads[head.start] >>> 0
    for (let at = head.start; at < this.words; at += headWords) this.heads[at] = (this.heads[at] >>> 0) - rebase
    this.offsetOrigin += rebase
  }
}
