import type { ItemIds } from '../../recommend/session-index/item-ids.ts'
import { BestItems } from './best-items.ts'
import type { Method, Question } from './method.ts'
import { SessionPostings } from './session-postings.ts'

const neighbours = 100
const sessionsMax = 500
const eventsMax = 10

/** VMIS-kNN (Kersbergen, Sprangers, Schelter 2022; Serenade), k = 100, m = 500; never the item the session is at. */
export class VmisKnn implements Method {
  private readonly best: BestItems
  private readonly postings = new SessionPostings()

  constructor(ids: ItemIds) {
    this.best = new BestItems(ids)
  }

  startSession(): number {
    return this.postings.startSession()
  }

  observe(session: number, item: number): void {
    this.best.click(item)
    this.postings.observe(session, item)
  }

  answer({ items, session }: Question, wanted: number): number[] {
    const prefix = items.slice(-eventsMax)
    const steps = new Map<number, number>()
    for (let i = prefix.length - 1; i >= 0; i--) if (!steps.has(prefix[i])) steps.set(prefix[i], prefix.length - 1 - i)
    const similarity = new Map<number, number>()
    for (const [item, step] of steps) {
      const weight = (prefix.length - step) / prefix.length
      for (const other of this.postings.newest(item, sessionsMax)) {
        if (other !== session) similarity.set(other, (similarity.get(other) ?? 0) + weight)
      }
    }
    const newest = [...similarity].sort(([a], [b]) => b - a).slice(0, sessionsMax)
    const nearest = newest.sort(([a, first], [b, second]) => second - first || b - a).slice(0, neighbours)
    return this.best.best(this.scores(nearest, steps, items[items.length - 1]), wanted)
  }

  private scores(nearest: [number, number][], steps: Map<number, number>, current: number): [number, number][] {
    const sums = new Map<number, number>()
    for (const [neighbour, similarity] of nearest) {
      const shared = this.postings.sessions[neighbour]
      const step = Math.min(...shared.map(item => steps.get(item) ?? eventsMax))
      const weight = similarity * (1 - step / eventsMax)
      for (const item of shared) if (item !== current) sums.set(item, (sums.get(item) ?? 0) + weight)
    }
    const sessions = this.postings.sessions.length
    return [...sums].map(([item, total]) => [item, total * Math.log(sessions / this.postings.sessionsWith(item))])
  }
}
