import { type MillraceError, stop } from '../../engine/errors.ts'
import { ItemIds } from '../../recommend/session-index/item-ids.ts'
import { longer } from '../../recommend/session-index/longer.ts'

/**
 * Events that are read unless more are asked for. Of each an evaluation takes 120 bytes (popularity) to 190 (ours), 24 of them here and the
 * rest in replay and method: 4 GB in all.
 */
export const eventsMaxDefault = 20_000_000

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
  private readonly eventsMax: number

  constructor(eventsMax = eventsMaxDefault) {
    this.eventsMax = eventsMax
  }

  startSession(): number {
    return this.sessionCount++
  }

  add({ session, item, timeS, weight }: ReadEvent): void {
    const at = this.count
    if (at >= this.eventsMax) throw tooLarge(this.eventsMax)
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

export function tooLarge(eventsMax: number): MillraceError {
  return stop(
    'evaluate_too_large',
    `There are more than ${eventsMax} events: evaluate a part of them, or raise --max-events where there are 200 bytes of memory for each.`
  )
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
