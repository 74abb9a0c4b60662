import type { SessionIndex } from './session-index.ts'

/** Fills the rings of a few items again from the log of events, read once from its start in order. */
export class RingRebuild {
  private readonly index: SessionIndex
  private readonly rings = new Map<number, Set<number>>()

  constructor(index: SessionIndex, items: Iterable<number>) {
    this.index = index
    for (const item of items) this.rings.set(item, new Set())
  }

  /** Every event, of every session. */
  observe(session: number, item: number): void {
    const { sessions } = this.index
    const ring = this.rings.get(item)
    if (ring === undefined || sessions.lengthOf(session) === 0) return
    if (this.index.contains(session, item)) ring.add(session)
  }

  finish(): void {
    const { items, parameters } = this.index
    for (const [item, ring] of this.rings) items.setRing(item, [...ring].slice(-parameters.ringSessions))
  }
}
