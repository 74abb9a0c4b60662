import { field, ItemRecords, recordFloats, recordWords } from './item-records.ts'
import type { SessionIndex } from './session-index.ts'

/** An event as the log of events has it, with where it went. */
export interface PlacedEvent {
  session: number
  /** So many events the session had before it, as far as it keeps them. */
  place: number
  item: number
  timeS: number
}

/** Of 300 sessions in a ring each: half a millisecond. */
const itemsPerTurn = 256

/**
 * Ring, popularity and time of the newest event of a few items, again from the log of events, read once from its start in
 * order. Takes as much memory meanwhile as the index for these items.
 */
export class ItemRebuild {
  private readonly index: SessionIndex
  private readonly again: ItemRecords
  /** From an item's number in the index to that of its new record. */
  private readonly numbers = new Map<number, number>()

  constructor(index: SessionIndex, items: Iterable<number>) {
    this.index = index
    this.again = new ItemRecords(index.parameters)
    for (const item of items) this.numbers.set(item, this.again.add())
  }

  /** Every event, of every session. */
  observe(event: PlacedEvent): void {
    const number = this.numbers.get(event.item)
    if (number === undefined || this.index.sessions.lengthOf(event.session) === 0) return
    this.again.click(number, event.timeS)
    if (this.isFirst(event)) this.again.pushToRing(number, event.session)
  }

  /** Yields after every so many items; the index must not change before the last one. */
  *finish(): Generator<void, void, void> {
    const { items } = this.index
    let count = 0
    for (const [item, number] of this.numbers) {
      items.setRing(item, this.again.ringOf(number))
      items.words[item * recordWords + field.time] = this.again.words[number * recordWords + field.time]
      const floats = number * recordFloats
      items.floats.set(this.again.floats.subarray(floats, floats + 4), item * recordFloats)
      if (++count % itemsPerTurn === 0) yield
    }
  }

  /** Of the session on the item; a full session keeps no more of them. */
  private isFirst({ session, place, item }: PlacedEvent): boolean {
    const { sessions, parameters } = this.index
    if (place >= parameters.sessionEventsMax) return false
    for (let i = 0; i < place; i++) if (sessions.itemAt(session, i) === item) return false
    return true
  }
}
