import type { ItemIds } from '../../recommend/session-index/item-ids.ts'
import { BestItems } from './best-items.ts'
import type { Method, Question } from './method.ts'
import { SessionPostings } from './session-postings.ts'

const neighbours = 100
const sessionsMax = 500
/** Live, the newest so many events of the session count; with a frozen state the whole prefix. */
const liveEvents = 10

/** Neighbour sessions with linear weights by position (V-SKNN: Ludewig, Jannach 2018), k = 100, m = 500. */
export class VSknn implements Method {
  private readonly best: BestItems
  private readonly postings = new SessionPostings()
  private readonly isStatic: boolean

  constructor(ids: ItemIds, { isStatic }: { isStatic: boolean }) {
    this.best = new BestItems(ids)
    this.isStatic = isStatic
  }

  startSession(): number {
    return this.postings.startSession()
  }

  observe(session: number, item: number): void {
    this.best.click(item)
    this.postings.observe(session, item)
  }

  answer({ items, session }: Question, wanted: number): number[] {
    const prefix = this.isStatic ? items : items.slice(-liveEvents)
    const similarity = new Map<number, number>()
    const steps = new Map<number, number>()
    const positions = new Map(prefix.map((item, i) => [item, i + 1]))
    for (const [item, position] of positions) {
      const step = prefix.length - position + 1
      for (const other of this.postings.newest(item, sessionsMax)) {
        if (other === session) continue
        similarity.set(other, (similarity.get(other) ?? 0) + position / prefix.length)
        steps.set(other, Math.min(steps.get(other) ?? step, step))
      }
    }
    return this.best.best(this.scores(this.nearest(similarity), similarity, steps), wanted)
  }

  private nearest(similarity: Map<number, number>): number[] {
    const newest = [...similarity.keys()].sort((a, b) => a - b).slice(-sessionsMax)
    if (newest.length <= neighbours) return newest
    return newest.sort((a, b) => similarity.get(b)! - similarity.get(a)! || b - a).slice(0, neighbours)
  }

  private scores(nearest: number[], similarity: Map<number, number>, steps: Map<number, number>): [number, number][] {
    const sums = new Map<number, number>()
    for (const neighbour of nearest) {
      const weight = similarity.get(neighbour)! / steps.get(neighbour)!
      for (const item of this.postings.sessions[neighbour]) sums.set(item, (sums.get(item) ?? 0) + weight)
    }
    const sessions = Math.max(this.postings.sessions.length, 2)
    const scored = [...sums].map(([item, total]): [number, number] => {
      const rarity = Math.log(sessions / Math.max(this.best.clicksOf(item), 1))
      return [item, total * (1 + (this.isStatic ? rarity : Math.max(0, rarity)))]
    })
    return scored.filter(([, score]) => score > 0)
  }
}
