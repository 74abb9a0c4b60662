import { ItemIds } from './item-ids.ts'
import { field, ItemRecords, recordWords } from './item-records.ts'
import { horizon as defaultHorizon, fast, type Horizon, type RetrievalParameters } from './parameters.ts'
import { PopularList } from './popular-list.ts'
import { headWords, SessionLog } from './session-log.ts'

/**
 * The state of retrieval: every session as it went, and per item its counters and a ring of the newest sessions that
 * contain it. Nothing is trained; all else is a sum over this at the time of a question (docs/decisions).
 *
 * Fed in the order of the topic `session-steps`. Times are whole seconds; events may be late by any amount.
 */
export class SessionIndex {
  readonly parameters: RetrievalParameters
  readonly horizon: Horizon
  ids = new ItemIds()
  readonly sessions: SessionLog
  readonly items: ItemRecords
  readonly popular: PopularList
  /** Event time reached: ages are counted from it. */
  now = 0
  /** Events in the index, and events ever seen. */
  clicks = 0
  events = 0

  constructor(parameters: RetrievalParameters = fast, horizon: Horizon = defaultHorizon) {
    this.parameters = parameters
    this.horizon = horizon
    this.sessions = new SessionLog(parameters.sessionEventsMax)
    this.items = new ItemRecords(parameters)
    this.popular = new PopularList(this)
  }

  /** −1: no event so far. */
  find(id: string): number {
    return this.ids.find(id)
  }

  /** The item's number, given to it now if it has none. */
  itemOf(id: string): number {
    const item = this.ids.add(id)
    if (item === this.items.count) this.items.add()
    return item
  }

  /** Before the session's first event. `topicOffset`, never falling, finds the session again for an erasure. */
  startSession(timeS: number, topicOffset = this.events): number {
    return this.sessions.start(timeS, topicOffset)
  }

  /** An event of a session that is full counts as a click, and is no evidence of what goes together. */
  observe(session: number, item: number, timeS: number): void {
    this.events++
    if (timeS > this.now) this.now = timeS
    if (this.sessions.has(session)) this.add(session, item, timeS)
    if (this.events >= this.popular.nextAt) this.popular.make()
  }

  private add(session: number, item: number, timeS: number): void {
    const { sessions, items } = this
    const length = sessions.lengthOf(session)
    const isRepeat = length > 0 && sessions.itemAt(session, length - 1) === item
    const isSeen = isRepeat || this.contains(session, item)
    if (timeS > sessions.timeOf(session)) sessions.setTime(session, timeS)
    items.click(item, timeS)
    this.clicks++
    if (length >= this.parameters.sessionEventsMax) return
    sessions.append(session, item)
    const at = item * recordWords
    if (isRepeat) items.words[at + field.repeats]++
    else if (isSeen) items.words[at + field.revisits]++
    if (isSeen) return
    items.sessions[item]++
    items.pushToRing(item, session)
  }

  contains(session: number, item: number): boolean {
    const { slices } = this.sessions
    const length = this.sessions.lengthOf(session)
    if (length === 0) return false
    const offset = this.sessions.offsetOf(session)
    const { words } = slices
    for (let i = offset; i < offset + length; i++) if (words[i] === item) return true
    return false
  }

  /** What the arrays hold, by part; ids and scratch are not among them. */
  bytes(): { log: number; heads: number; rings: number; items: number; total: number; perClick: number } {
    const log = this.sessions.slices.used * 4
    const heads = (this.sessions.next - this.sessions.origin) * headWords * 4
    const rings = this.items.rings.used * 4
    const items = this.items.count * (recordWords + 1) * 4
    const total = log + heads + rings + items
    return { log, heads, rings, items, total, perClick: this.clicks > 0 ? total / this.clicks : 0 }
  }

  /** What is set aside for them, to grow into. */
  get reservedBytes(): number {
    const { sessions, items } = this
    const words =
      sessions.slices.words.length +
      sessions.heads.length +
      items.rings.words.length +
      items.words.length +
      items.sessions.length
    return words * 4
  }
}
