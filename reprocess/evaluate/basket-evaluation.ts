import type { BasketMethod } from './basket-method.ts'
import { Latencies } from './latencies.ts'
import type { Basket } from './read-baskets.ts'

/** One basket of a customer who has ordered before. */
export interface BasketPoint {
  customer: number
  recall: number
  hit: number
  ndcg: number
  /** Recall among the items new to the customer, own items filtered from the list; undefined where none was ordered. */
  novel?: number
}

export interface EvaluatedBaskets {
  points: BasketPoint[]
  answers: Latencies
}

interface Setting {
  /** Length of a list. */
  k: number
  /** Time of the first basket that is measured; seconds. */
  fromS: number
}

/** Next basket of customers who have ordered before, prequentially: a basket is predicted, then observed. */
export async function evaluateBaskets(
  method: BasketMethod,
  baskets: readonly Basket[],
  { k, fromS }: Setting,
  progress: (done: number, total: number) => void
): Promise<EvaluatedBaskets> {
  const answers = new Latencies()
  const points: BasketPoint[] = []
  const known = new Map<string, { number: number; items: Set<string> }>()
  for (const [place, basket] of baskets.entries()) {
    const { customer, items, timeS } = basket
    method.advance?.(timeS)
    const own = customer === null ? undefined : known.get(customer)
    if (customer !== null && own && timeS >= fromS) {
      const question = { customer, timeS }
      const started = performance.now()
      const list = method.answer(question, k)
      answers.add((performance.now() - started) * 1000)
      const longer = method.answer(question, k + own.items.size)
      const novel = novelRecall(longer, { items, own: own.items, k })
      points.push({ customer: own.number, ...pointOf(list, items, k), novel })
    }
    method.observe(basket)
    if (customer !== null) {
      const { number = known.size, items: ordered = [] } = own ?? {}
      known.set(customer, { number, items: new Set([...ordered, ...items]) })
    }
    if (place % 256 !== 0) continue
    progress(place, baskets.length)
    await new Promise(resolve => setImmediate(resolve))
  }
  return { points, answers }
}

function pointOf(list: readonly string[], items: ReadonlySet<string>, k: number) {
  let hits = 0
  let dcg = 0
  let ideal = 0
  for (const [place, item] of list.entries()) {
    if (!items.has(item)) continue
    hits++
    dcg += 1 / Math.log2(place + 2)
  }
  for (let place = 0; place < Math.min(k, items.size); place++) ideal += 1 / Math.log2(place + 2)
  return { recall: hits / items.size, hit: hits > 0 ? 1 : 0, ndcg: dcg / ideal }
}

function novelRecall(
  list: readonly string[],
  { items, own, k }: { items: ReadonlySet<string>; own: ReadonlySet<string>; k: number }
): number | undefined {
  const fresh = [...items].filter(item => !own.has(item))
  if (fresh.length === 0) return undefined
  const shown = new Set(list.filter(item => !own.has(item)).slice(0, k))
  return fresh.filter(item => shown.has(item)).length / fresh.length
}
