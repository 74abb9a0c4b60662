import { BasketIndex } from '../../recommend/basket/basket-index.ts'
import { NextBasket } from '../../recommend/basket/next-basket.ts'
import { Latencies } from './latencies.ts'
import { clusteredMean } from './measures.ts'
import type { Basket } from './read-baskets.ts'

/** Before the test part, one basket in so many is learned. */
const learnedOneIn = 3

interface Point {
  customer: number
  recall: number
  hit: number
  ndcg: number
  /** Recall among the items new to the customer; undefined where none was ordered. */
  novel?: number
}

/** Next basket of known customers, prequentially: predict, then learn, basket by basket. `from`: time of the first one that is measured. */
export function evaluateBaskets(
  baskets: readonly Basket[],
  { k, from }: { k: number; from: string },
  progress: (done: number, total: number) => void
) {
  const index = new BasketIndex()
  const next = new NextBasket(index)
  const answers = new Latencies()
  const points: Point[] = []
  const customers = new Map<string, number>()
  for (const [i, { id, time, customer, items }] of baskets.entries()) {
    if (i % 512 === 0) progress(i, baskets.length)
    const timeS = Date.parse(`${time.replace(' ', 'T')}Z`) / 1000
    const ordered = [...items].map(id => index.itemOf(id))
    const isKnown = customer !== null && index.basketsOf(customer).length > 0
    const isMeasured = time >= from
    if (isKnown && (isMeasured || i % learnedOneIn === 0)) {
      const started = performance.now()
      next.predict(customer, timeS)
      next.rank(k)
      answers.add((performance.now() - started) * 1000)
      const count = isMeasured ? next.rank(next.candidates.count) : 0
      const wanted = new Set(ordered)
      if (isMeasured) {
        const number = customers.get(customer) ?? customers.size
        customers.set(customer, number)
        const own = new Set(next.history.items.subarray(0, next.history.count))
        const fresh = ordered.filter(item => !own.has(item)).length
        const { newHits, ...point } = pointOf(next, { count, wanted, k })
        points.push({ customer: number, ...point, novel: fresh > 0 ? newHits / fresh : undefined })
      }
      next.learn(wanted)
    }
    index.put(id, { customer, items: [...items], timeS })
  }
  return basketReport(points, k, answers)
}

function pointOf(next: NextBasket, { count, wanted, k }: { count: number; wanted: Set<number>; k: number }) {
  const { candidates, order } = next
  let hits = 0
  let dcg = 0
  let ideal = 0
  let newHits = 0
  let newShown = 0
  for (let place = 0; place < count && (place < k || newShown < k); place++) {
    const candidate = order[place]
    const isHit = wanted.has(candidates.items[candidate])
    if (isHit && place < k) {
      hits++
      dcg += 1 / Math.log2(place + 2)
    }
    if (candidates.own[candidate] >= 0 || newShown === k) continue
    newShown++
    if (isHit) newHits++
  }
  for (let place = 0; place < Math.min(k, wanted.size); place++) ideal += 1 / Math.log2(place + 2)
  return { recall: hits / wanted.size, hit: hits > 0 ? 1 : 0, ndcg: dcg / ideal, newHits }
}

function basketReport(points: readonly Point[], k: number, answers: Latencies) {
  const figures = (measures: (keyof Point)[], of: readonly Point[]) => {
    const sessions = of.map(({ customer }) => customer)
    const means = measures.map(
      measure =>
        [
          measure,
          clusteredMean(
            of.map(point => 100 * point[measure]!),
            sessions
          )
        ] as const
    )
    const named = (pick: 'mean' | 'se') =>
      Object.fromEntries(
        means.map(([measure, one]) => [`${measure === 'novel' ? 'recall' : measure}@${k}`, rounded(one[pick])])
      )
    return { n: of.length, ...named('mean'), se: named('se') }
  }
  const novel = points.filter(point => point.novel !== undefined)
  return {
    method: 'basket',
    protocol: 'baskets',
    all: figures(['recall', 'hit', 'ndcg'], points),
    novel: figures(['novel'], novel),
    us: answers.summary()
  }
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
