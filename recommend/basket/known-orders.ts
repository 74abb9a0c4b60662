import type { BasketIndex } from './basket-index.ts'
import type { KeptBasket } from './basket-log.ts'

/** An id under which a customer has ordered. */
export interface OrderedAs {
  id: string
  /** Orders of up to then are not read, in ms: consent was withdrawn, or the person erased. −Infinity: never. */
  since: number
}

/** As many as are kept of one id. */
const ordersMax = 200

/** The newest 200 orders under all of the ids that may be read, oldest first. */
export function knownOrders(index: Pick<BasketIndex, 'basketsOf'>, ids: readonly OrderedAs[]): readonly KeptBasket[] {
  let known: readonly KeptBasket[] = []
  let isJoined = false
  for (const { id, since } of ids) {
    const orders = ordersSince(index.basketsOf(id), since / 1000)
    if (orders.length === 0) continue
    isJoined = known.length > 0
    known = isJoined ? [...known, ...orders].sort(inOrder) : orders
  }
  return isJoined ? known.slice(-ordersMax) : known
}

function ordersSince(orders: readonly KeptBasket[], sinceS: number): readonly KeptBasket[] {
  let first = orders.length
  if (first === 0 || orders[0].timeS > sinceS) return orders
  while (first > 0 && orders[first - 1].timeS > sinceS) first--
  return orders.slice(first)
}

const inOrder = (a: KeptBasket, b: KeptBasket) => a.timeS - b.timeS || (a.id < b.id ? -1 : 1)
