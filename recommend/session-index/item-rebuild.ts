import { decay } from '../decay.ts'
import { field, recordFloats, recordWords } from './item-records.ts'
import type { SessionIndex } from './session-index.ts'

interface Rebuilt {
  /** In order of each session's first event on the item. */
  ring: Set<number>
  timeS: number
  popularity: number[]
}

/** Ring, popularity and time of the newest event of a few items, again from the log of events, read once from its start in order. */
export class ItemRebuild {
  private readonly index: SessionIndex
  private readonly items = new Map<number, Rebuilt>()

  constructor(index: SessionIndex, items: Iterable<number>) {
    this.index = index
    for (const item of items) this.items.set(item, { ring: new Set(), timeS: 0, popularity: [0, 0, 0, 0] })
  }

  /** Every event, of every session. */
  observe(session: number, item: number, timeS: number): void {
    const { sessions, parameters } = this.index
    const rebuilt = this.items.get(item)
    if (rebuilt === undefined || sessions.lengthOf(session) === 0) return
    if (this.index.contains(session, item)) rebuilt.ring.add(session)
    const ahead = timeS - rebuilt.timeS
    rebuilt.popularity = rebuilt.popularity.map((popularity, h) => {
      const halfLife = parameters.halfLivesS[h]
      return ahead >= 0 ? popularity * decay(ahead, halfLife) + 1 : popularity + decay(-ahead, halfLife)
    })
    rebuilt.timeS = Math.max(rebuilt.timeS, timeS)
  }

  finish(): void {
    const { items, parameters, popular } = this.index
    for (const [item, { ring, timeS, popularity }] of this.items) {
      items.setRing(item, [...ring].slice(-parameters.ringSessions))
      items.words[item * recordWords + field.time] = timeS
      items.floats.set(popularity, item * recordFloats)
    }
    popular.make()
  }
}
