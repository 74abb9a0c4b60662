import { NextItems } from '../../recommend/blend/next-items.ts'
import { SessionLearner } from '../../recommend/blend/session-learner.ts'
import type { ItemIds } from '../../recommend/session-index/item-ids.ts'
import type { RetrievalParameters } from '../../recommend/session-index/parameters.ts'
import { SessionIndex } from '../../recommend/session-index/session-index.ts'
import type { Method, Outcome, Question } from './method.ts'

const forEver = { ageMaxS: Number.POSITIVE_INFINITY, clicksMax: Number.POSITIVE_INFINITY }

/** What serving and learning run: the real index, learner and blend. */
export class LiveIndex implements Method {
  readonly index: SessionIndex
  readonly learner: SessionLearner
  private readonly ids: ItemIds
  /** The index's number of each item of the replayed data, from 1, and back. */
  private readonly indexed: Int32Array
  private readonly replayed: number[] = []
  private readonly known: number[] = []
  private readonly answered: NextItems
  private readonly list: Int32Array = new Int32Array(4096)

  constructor(ids: ItemIds, parameters: RetrievalParameters) {
    this.ids = ids
    this.index = new SessionIndex(parameters, forEver)
    this.learner = new SessionLearner(this.index)
    this.answered = new NextItems(this.index)
    this.indexed = new Int32Array(ids.count)
  }

  startSession(timeS: number): number {
    return this.index.startSession(timeS)
  }

  observe(session: number, item: number, timeS: number): void {
    this.index.observe(session, this.numberOf(item), timeS)
  }

  answer(question: Question, wanted: number): Int32Array {
    const next = this.predict(question)
    const count = next.rank(wanted)
    for (let i = 0; i < count; i++) this.list[i] = this.replayed[next.itemAt(next.order[i])]
    return this.list.subarray(0, count)
  }

  learn({ session, item, timeS, weight, offset }: Outcome, isAnswered: boolean): void {
    const isPredicted = isAnswered && this.learner.serving().isNewest
    const event = { session, item: this.numberOf(item), timeS, weight, offset }
    this.learner.learnAlways(event, isPredicted)
  }

  bytesPerClick(): number {
    return this.index.bytes().perClick
  }

  /** With the weights served; asks the learner's own instance where these are the newest, so that it can learn from it. */
  private predict({ items, session, firstStep = 1 }: Question): NextItems {
    this.known.length = 0
    for (const item of items) if (this.indexed[item] > 0) this.known.push(this.indexed[item] - 1)
    const { weights, isNewest } = this.learner.serving()
    const next = isNewest ? this.learner.next : this.answered
    next.weights = weights
    next.predict({ items: this.known, count: this.known.length, session, firstStep })
    return next
  }

  private numberOf(item: number): number {
    if (this.indexed[item] === 0) {
      this.indexed[item] = this.index.itemOf(this.ids.ids[item]) + 1
      this.replayed.push(item)
    }
    return this.indexed[item] - 1
  }
}
