import type { Catalog } from './catalog.ts'
import type { RunningSession } from './session-index/running-session.ts'
import type { StepFeed } from './session-index/step-feed.ts'

/** For an empty visit the person's last items stand in: so many, so old at most, as if two others had come after them. */
export const standIn = { itemsMax: 10, ageMaxMs: 90 * 86_400_000, firstStep: 3 } as const

/** A visit by the catalog's numbers, oldest first, with repeats. */
export interface VisitSoFar {
  /** As cut; null: none that the index could know. */
  session: string | null
  /** What is known of it elsewhere: for an index that does not have it. */
  shown: readonly number[]
  /** Steps that came after it. */
  newer: readonly number[]
  /** 1; more where another visit's items stand in for an empty one. */
  firstStep: number
}

/** The running session that an answer is about, by the index's numbers; used again for the next answer. */
export class VisitSteps implements RunningSession {
  items = new Int32Array(256)
  count = 0
  session = -1
  firstStep = 1
  private readonly catalog: Catalog
  private readonly numberOf: (indexed: number) => number

  /** `numberOf`: from the index's numbers to the catalog's; −1 where there is none. */
  constructor(catalog: Catalog, numberOf: (indexed: number) => number) {
    this.catalog = catalog
    this.numberOf = numberOf
  }

  /** Items that nobody has opened are left out, as are those of sensitive categories: they lead nowhere. */
  read(feed: StepFeed, { session, shown, newer, firstStep }: VisitSoFar): this {
    this.count = 0
    this.firstStep = firstStep
    this.session = session === null ? -1 : feed.open.find(session)
    const isStored = this.readStored(feed)
    if (!isStored) {
      this.session = -1
      for (const item of shown) this.add(feed, item)
    }
    for (let i = isStored ? this.bridge(feed, shown, newer) : 0; i < newer.length; i++) this.add(feed, newer[i])
    return this
  }

  /** Index and view may be a step apart for a moment. Returns how many of the newer steps the index has already. */
  private bridge(feed: StepFeed, shown: readonly number[], newer: readonly number[]): number {
    const last = this.numberOf(this.items[this.count - 1])
    const lastShown = shown.length > 0 ? shown[shown.length - 1] : last
    if (lastShown === last) return 0
    if (newer[0] === last) return 1
    this.add(feed, lastShown)
    return 0
  }

  /** false: the index has nothing of the session, or something that leads nowhere. */
  private readStored({ index }: StepFeed): boolean {
    const length = index.sessions.lengthOf(this.session)
    if (length === 0) return false
    for (let i = 0; i < length; i++) {
      const item = index.sessions.itemAt(this.session, i)
      if (this.leadsNowhere(this.numberOf(item))) {
        this.count = 0
        return false
      }
      this.push(item)
    }
    return true
  }

  private add({ index }: StepFeed, item: number): void {
    if (this.leadsNowhere(item)) return
    const known = index.find(this.catalog.items.nameOf(item))
    if (known >= 0) this.push(known)
  }

  private leadsNowhere(item: number): boolean {
    return item >= 0 && this.catalog.isSensitive(item)
  }

  private push(item: number): void {
    if (this.count === this.items.length) {
      const longer = new Int32Array(this.count * 2)
      longer.set(this.items)
      this.items = longer
    }
    this.items[this.count++] = item
  }
}
