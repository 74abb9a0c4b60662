import { isSampled } from '../../recommend/blend/session-learner.ts'
import type { EventColumns } from './event-columns.ts'
import type { Stream } from './event-order.ts'
import { Latencies } from './latencies.ts'
import type { Method } from './method.ts'
import { Points } from './points.ts'

/** The blend learns from here on: the index has to know something first. */
const learnFromShare = 0.3
/** Own items beyond so many are not filtered from the list of new items. */
const ownMax = 60

export interface ReplaySettings {
  isStatic: boolean
  k: number
  minPrefix: number
  /** One event in so many is learned, in the training and in the test part. */
  learnOneIn: number
  learnTestOneIn: number
}

interface Running {
  number: number
  session: number
  items: number[]
}

export interface Replayed {
  points: Points
  answers: Latencies
  events: Latencies
  learning: Latencies
  coveredItems: number
  distinctItems: number
  /** Mean number of clicks, so far, of the items in lists. */
  popularity: number
  shortLists: number
}

/** Replays a stream through a method and asks it, before each event of the test part, what comes next. */
export class Replay {
  readonly points = new Points()
  readonly answers = new Latencies()
  readonly events = new Latencies()
  readonly learning = new Latencies()
  private readonly columns: EventColumns
  private readonly stream: Stream
  private readonly method: Method
  private readonly settings: ReplaySettings
  private readonly running = new Map<number, Running>()
  private readonly covered: Uint8Array
  private readonly clicks: Int32Array
  private popularity = 0
  private shortLists = 0

  constructor(columns: EventColumns, stream: Stream, method: Method, settings: ReplaySettings) {
    this.columns = columns
    this.stream = stream
    this.method = method
    this.settings = settings
    this.covered = new Uint8Array(columns.ids.count)
    this.clicks = new Int32Array(columns.ids.count)
  }

  async run(progress: (done: number, total: number) => void): Promise<Replayed> {
    const { order } = this.stream
    for (let place = 0; place < order.length; place++) {
      this.step(place)
      if (place % 4096 !== 0) continue
      progress(place, order.length)
      await new Promise(resolve => setImmediate(resolve))
    }
    return this.result()
  }

  private step(place: number): void {
    const { columns, method, settings, stream } = this
    const event = stream.order[place]
    const [session, item, timeS] = [columns.sessions[event], columns.items[event], columns.times[event]]
    const isTest = place >= stream.testFrom
    const isFrozen = settings.isStatic && isTest
    const running = this.runningOf(session, timeS, isFrozen)
    const isAsked = isTest && running.items.length >= settings.minPrefix && running.items.length > 0
    if (isAsked) this.ask(running, item)
    if (!isFrozen && running.items.length > 0 && this.isLearned(place, isTest)) {
      const started = performance.now()
      const outcome = { session: running.session, item, timeS, weight: columns.weights[event], offset: place }
      method.learn!(outcome, isAsked)
      this.learning.add((performance.now() - started) * 1000)
    }
    running.items.push(item)
    if (isFrozen) return
    const started = performance.now()
    method.observe(running.session, item, timeS)
    this.events.add((performance.now() - started) * 1000)
    this.clicks[item]++
  }

  private isLearned(place: number, isTest: boolean): boolean {
    const { settings, stream, method } = this
    if (!method.learn || place < Math.floor(stream.testFrom * learnFromShare)) return false
    return isSampled(place, isTest ? settings.learnTestOneIn : settings.learnOneIn)
  }

  private runningOf(session: number, timeS: number, isFrozen: boolean): Running {
    let running = this.running.get(session)
    if (!running) {
      running = { number: this.running.size, session: isFrozen ? -1 : this.method.startSession(timeS), items: [] }
      this.running.set(session, running)
    }
    return running
  }

  private ask(running: Running, target: number): void {
    const { k } = this.settings
    const own = new Set(running.items)
    const started = performance.now()
    const list = this.method.answer(running, k + Math.min(own.size, ownMax))
    this.answers.add((performance.now() - started) * 1000)
    let rank = 0
    for (let i = 0; i < Math.min(k, list.length); i++) {
      this.covered[list[i]] = 1
      this.popularity += this.clicks[list[i]] / k
      if (list[i] === target) rank = i + 1
    }
    if (list.length < k) this.shortLists++
    this.points.add(running.number, rank, own.has(target) ? -1 : rankAmongNew(list, own, { target, k }))
  }

  private result(): Replayed {
    const distinct = new Set(this.columns.items.subarray(0, this.columns.count))
    const { points, answers, events, learning, shortLists } = this
    const coveredItems = this.covered.reduce((sum, isCovered) => sum + isCovered, 0)
    const popularity = points.count > 0 ? this.popularity / points.count : 0
    return { points, answers, events, learning, coveredItems, distinctItems: distinct.size, popularity, shortLists }
  }
}

function rankAmongNew(list: ArrayLike<number>, own: Set<number>, { target, k }: { target: number; k: number }): number {
  for (let i = 0, rank = 0; i < list.length && rank < k; i++) {
    if (own.has(list[i])) continue
    rank++
    if (list[i] === target) return rank
  }
  return 0
}
