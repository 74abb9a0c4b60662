import { stop } from '../../engine/errors.ts'
import { targetWeights } from '../../recommend/blend/session-learner.ts'
import { type EventColumns, ownCopy } from './event-columns.ts'

/** Reads the lines of one file into columns. */
export interface LineReader {
  read(line: string): void
}

/** Tells the format by the first line: OTTO or our events (JSON), `SessionId ItemId Time` (tabs), else one session per line. */
export function readerFor(firstLine: string, columns: EventColumns): LineReader {
  if (firstLine.startsWith('{')) {
    const first = parsed(firstLine)
    if (Array.isArray(first.events)) return new OttoReader(columns)
    if (typeof first.product_id === 'string' || typeof first.event_type === 'string')
      return new InteractionReader(columns)
    throw stop('evaluate_format', 'JSON lines must be sessions of OTTO or interaction events (docs/quality.md).')
  }
  return firstLine.includes('\t') ? new TableReader(columns, firstLine) : new SessionLineReader(columns)
}

/** Items of a session separated by blanks; no times. */
class SessionLineReader implements LineReader {
  private readonly columns: EventColumns

  constructor(columns: EventColumns) {
    this.columns = columns
    columns.isTimed = false
  }

  read(line: string): void {
    const session = this.columns.startSession()
    for (const item of line.split(' ')) if (item !== '') this.columns.add({ session, item, timeS: 0, weight: 1 })
  }
}

/** Columns SessionId, ItemId and Time (seconds, or milliseconds), separated by tabs, under a headline. */
class TableReader implements LineReader {
  private readonly columns: EventColumns
  private readonly sessions = new Map<string, number>()
  private readonly places: number[]
  private isHeadline = true

  constructor(columns: EventColumns, headline: string) {
    this.columns = columns
    const names = headline.split('\t').map(name => name.trim().toLowerCase())
    this.places = ['sessionid', 'itemid', 'time'].map(name => names.indexOf(name))
    if (this.places.includes(-1)) throw stop('evaluate_format', 'A table needs the columns SessionId, ItemId and Time.')
  }

  read(line: string): void {
    if (this.isHeadline) {
      this.isHeadline = false
      return
    }
    const cells = line.split('\t')
    const [key, item, time] = this.places.map(place => cells[place])
    let session = this.sessions.get(key)
    if (session === undefined) {
      session = this.columns.startSession()
      this.sessions.set(ownCopy(key), session)
    }
    this.columns.add({ session, item, timeS: secondsOf(Number(time)), weight: 1 })
  }
}

const stepMs = 30 * 60_000
const pauseMs = 30 * 60_000

interface Act {
  item: string
  type: string
  timeMs: number
}

/** Puts acts into columns as steps: consecutive acts of different types on one item within 30 min are one, its strongest type kept. */
class Steps {
  private readonly columns: EventColumns
  private readonly session: number
  private last: Act | undefined
  private at = -1

  constructor(columns: EventColumns) {
    this.columns = columns
    this.session = columns.startSession()
  }

  get lastMs(): number {
    return this.last?.timeMs ?? Number.NaN
  }

  add(act: Act): void {
    const { last, columns } = this
    const weight = targetWeights[act.type]
    this.last = act
    const isSameStep = last && last.item === act.item && last.type !== act.type && act.timeMs - last.timeMs <= stepMs
    if (isSameStep) {
      columns.weights[this.at] = Math.max(columns.weights[this.at], weight)
      return
    }
    this.at = columns.count
    columns.add({ session: this.session, item: act.item, timeS: Math.floor(act.timeMs / 1000), weight })
  }
}

const ottoTypes: Record<string, string> = { clicks: 'click', carts: 'add_to_cart', orders: 'purchase' }

/** `{"session":1,"events":[{"aid":2,"ts":ms,"type":"clicks"}]}` */
class OttoReader implements LineReader {
  private readonly columns: EventColumns

  constructor(columns: EventColumns) {
    this.columns = columns
  }

  read(line: string): void {
    const { events } = parsed(line) as { events: { aid: number; ts: number; type: string }[] }
    const steps = new Steps(this.columns)
    for (const { aid, ts, type } of events) {
      if (type in ottoTypes) steps.add({ item: String(aid), type: ottoTypes[type], timeMs: ts })
    }
  }
}

/** Interaction events as they are posted, in order of time: sessions cut after 30 min, impressions and removals left out. */
class InteractionReader implements LineReader {
  private readonly columns: EventColumns
  private readonly open = new Map<string, Steps>()

  constructor(columns: EventColumns) {
    this.columns = columns
  }

  read(line: string): void {
    const { session_id, user_id, event_type, product_id, ts } = parsed(line) as Record<string, string | undefined>
    const key = session_id ?? user_id
    if (key === undefined || product_id === undefined || !((event_type ?? '') in targetWeights)) return
    const timeMs = Date.parse(ts ?? '')
    if (Number.isNaN(timeMs)) return
    let steps = this.open.get(key)
    if (!steps || timeMs - steps.lastMs > pauseMs) {
      steps = new Steps(this.columns)
      this.open.set(key, steps)
    }
    steps.add({ item: product_id, type: event_type!, timeMs })
  }
}

function secondsOf(time: number): number {
  return Math.floor(time > 1e11 ? time / 1000 : time)
}

function parsed(line: string): Record<string, any> {
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw stop('evaluate_format', `A line is not JSON: ${line.slice(0, 80)}`, cause)
  }
}
