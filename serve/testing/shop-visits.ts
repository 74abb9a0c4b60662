import { EventColumns } from '../../reprocess/evaluate/event-columns.ts'
import { readEvents } from '../../reprocess/evaluate/read-events.ts'
import { postRequest } from '../bench/raw-client.ts'

/** Within the horizon of the session index, for 10 M clicks. */
const spacingMs = 8_000
const batchEvents = 500
const questionsMax = 10_000

/** Recorded visits of a shop, as what a server is sent: bytes of requests. */
export class ShopVisits {
  readonly #sessions: string[][]
  readonly #trained: number

  private constructor(sessions: string[][], trained: number) {
    this.#sessions = sessions
    this.#trained = trained
  }

  /** Files of one session per line, or of SessionId, ItemId and Time. */
  static async read(train: string, test: string): Promise<ShopVisits> {
    const columns = new EventColumns()
    await readEvents(train, columns)
    const trained = columns.sessionCount
    await readEvents(test, columns)
    const sessions: string[][] = Array.from({ length: columns.sessionCount }, () => [])
    for (let i = 0; i < columns.count; i++) sessions[columns.sessions[i]].push(columns.ids.ids[columns.items[i]])
    return new ShopVisits(sessions, trained)
  }

  get trainedEvents(): number {
    return this.#sessions.slice(0, this.#trained).reduce((sum, { length }) => sum + length, 0)
  }

  /** The first part as events of the past, one visit after the other, the last of them an hour ago. */
  *history(): Generator<Buffer> {
    let ts = Date.now() - 3_600_000 - this.trainedEvents * spacingMs
    let events: object[] = []
    for (let session = 0; session < this.#trained; session++) {
      for (const [i, product_id] of this.#sessions[session].entries()) {
        ts += spacingMs
        const event_id = `train-${session}-${i}`
        events.push({ event_id, session_id: `train-${session}`, event_type: 'view', product_id, ts: new Date(ts) })
        if (events.length < batchEvents) continue
        yield postRequest('/v1/events', { events })
        events = []
      }
    }
    if (events.length > 0) yield postRequest('/v1/events', { events })
  }

  /** The other part as visits of now, `perRequest` events at a time, again under other names when it is at its end. */
  *live(perRequest: number): Generator<Buffer> {
    let events: object[] = []
    for (let round = 0; ; round++) {
      for (let session = this.#trained; session < this.#sessions.length; session++) {
        for (const [i, product_id] of this.#sessions[session].entries()) {
          const session_id = `live-${process.pid}-${round}-${session}`
          events.push({ event_id: `${session_id}-${i}`, session_id, event_type: 'view', product_id })
          if (events.length < perRequest) continue
          yield postRequest('/v1/events', { events })
          events = []
        }
      }
    }
  }

  /** What comes next, after every prefix of `minPrefix` events or more of the other part, thinned out evenly. */
  questions(minPrefix: number): Buffer[] {
    const asked = this.#sessions.slice(this.#trained).flatMap(items => {
      const prefixes = items.slice(minPrefix).map((_, i) => items.slice(0, minPrefix + i))
      return prefixes.map(prefix => prefix.slice(-200))
    })
    const every = Math.max(1, Math.ceil(asked.length / questionsMax))
    return asked
      .filter((_, i) => i % every === 0)
      .map(session => postRequest('/v1/recommendations', { surface: 'home', session, limit: 20 }))
  }
}
