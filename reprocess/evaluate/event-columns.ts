import { stop } from '../../engine/errors.ts'
import { ItemIds } from '../../recommend/session-index/item-ids.ts'
import { longer } from '../../recommend/session-index/longer.ts'

/** 24 bytes an event; beyond it an evaluation would not fit into an ordinary machine. */
const eventsMax = 100_000_000

/** Events in the order of their files, as columns: session and item by number, time in whole seconds, weight as a target. */
export class EventColumns {
  sessions = new Int32Array(1024)
  items = new Int32Array(1024)
  times = new Float64Array(1024)
  weights = new Int32Array(1024)
  count = 0
  sessionCount = 0
  readonly ids = new ItemIds()
  /** A file without times: events happen one after the other. */
  isTimed = true

  startSession(): number {
    return this.sessionCount++
  }

  add({ session, item, timeS, weight }: ReadEvent): void {
    const at = this.count
    if (at === eventsMax) throw stop('evaluate_too_large', `An evaluation takes at most ${eventsMax} events.`)
    this.sessions = longer(this.sessions, at + 1)
    this.items = longer(this.items, at + 1)
    this.times = longer(this.times, at + 1)
    this.weights = longer(this.weights, at + 1)
    this.sessions[at] = session
    const known = this.ids.find(item)
    this.items[at] = known >= 0 ? known : this.ids.add(ownCopy(item))
    this.times[at] = timeS
    this.weights[at] = weight
    this.count++
  }
}

/** A piece of a line would keep the whole line. */
export function ownCopy(text: string): string {
  return Buffer.from(text).toString()
}

export interface ReadEvent {
  /** Number from `startSession`. */
  session: number
  item: string
  timeS: number
  /** Of its type, as a target of learning. */
  weight: number
}
