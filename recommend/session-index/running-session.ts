/** The session that a question is about: item numbers, oldest first; unknown items left out. */
export interface RunningSession {
  items: ArrayLike<number>
  /** So many of `items` count. */
  count: number
  /** Its number in the index, or −1. Its events there are evidence about others, never about itself. */
  session: number
  /** Steps back of the newest item: 1; more where these items only stand in for a session that is empty. */
  firstStep: number
}

/** Its distinct items, newest first, and how often each occurs; used again for the next question. */
export class OwnItems {
  count = 0
  /** Position of the first event that is looked at, and events from there on. */
  from = 0
  events = 0
  items = new Int32Array(256)
  /** Steps back to the newest occurrence. */
  steps = new Int32Array(256)
  times = new Int32Array(256)
  /** Occurrences right after the same item. */
  repeats = new Int32Array(256)
  /** Of these, what the index already holds of this session, and what its counters therefore owe. */
  storedTimes = new Int32Array(256)
  storedRepeats = new Int32Array(256)

  constructor(eventsMax: number) {
    this.items = new Int32Array(eventsMax)
    this.steps = new Int32Array(eventsMax)
    this.times = new Int32Array(eventsMax)
    this.repeats = new Int32Array(eventsMax)
    this.storedTimes = new Int32Array(eventsMax)
    this.storedRepeats = new Int32Array(eventsMax)
  }

  /** `stored`: so many of the session's first events are in the index. */
  read({ items, count, firstStep }: RunningSession, stored: number): void {
    this.from = Math.max(0, count - this.items.length)
    this.events = count - this.from
    this.count = 0
    for (let i = count - 1; i >= this.from; i--) {
      const item = items[i]
      let own = this.find(item)
      if (own < 0) own = this.add(item, count - 1 - i + firstStep)
      const isRepeat = i > this.from && items[i - 1] === item ? 1 : 0
      this.times[own]++
      this.repeats[own] += isRepeat
      if (i >= stored) continue
      this.storedTimes[own]++
      this.storedRepeats[own] += isRepeat
    }
  }

  private find(item: number): number {
    for (let own = 0; own < this.count; own++) if (this.items[own] === item) return own
    return -1
  }

  private add(item: number, step: number): number {
    const own = this.count++
    this.items[own] = item
    this.steps[own] = step
    this.times[own] = 0
    this.repeats[own] = 0
    this.storedTimes[own] = 0
    this.storedRepeats[own] = 0
    return own
  }
}
