import { line, order, event as plainEvent, product as plainProduct } from '../../processors/testing/builders.ts'
import type { EventType } from '../../schemas/interaction.ts'
import { interactions, orderItems, orders, products } from '../../schemas/topics.ts'
import { type Arrival, seeded } from '../../topologies/testing/traffic.ts'
import type { Query } from '../ports.ts'

const items = 1_500
const users = 400
const start = Date.UTC(2026, 4, 1)
const hour = 3_600_000
const shelves = 40
const shelf = items / shelves
const words = 'cream hanging heart lantern glass star holder hot water bottle union flag spot bag jumbo box'.split(' ')
const types: readonly EventType[] = ['view', 'view', 'view', 'view', 'click', 'add_to_cart']
const surfaces = ['home', 'home', 'product', 'cart', 'email'] as const

/**
 * A shop as its inputs tell of it: products on shelves, visits that go along a shelf, back, and now and then elsewhere,
 * some by users, some of whom order. Several visits are under way at any time. The same for the same seed.
 */
export class VisitedShop {
  readonly arrivals: Arrival[]
  /** After everything that has arrived. */
  readonly now: number
  readonly #random: () => number
  readonly #visits: number

  constructor(seed: number, visits: number) {
    this.#random = seeded(seed)
    this.#visits = visits
    const made = Array.from({ length: items }, (_, i) => this.#product(i))
    for (let visit = 0; visit < visits; visit++) made.push(...this.#visit(visit))
    this.arrivals = made.sort((a, b) => a.ts - b.ts)
    this.now = this.arrivals[this.arrivals.length - 1].ts + 1000
  }

  /** Of all surfaces: about visits that go on, sessions that callers keep, users, and products. */
  queries(count: number): Query[] {
    return Array.from({ length: count }, (_, i) => {
      const surface = surfaces[i % surfaces.length]
      const query: Query = { surface, limit: 20, personalize: true, position_from: 1 }
      if (surface === 'product') query.items = [this.#item()]
      if (surface === 'cart') query.items = this.#walk(2).map(({ product_id }) => product_id)
      if (surface === 'email' || this.#happens(0.3)) query.user_id = `u${this.#below(users)}`
      else if (this.#happens(0.5)) query.session_id = `s${this.#visits - 1 - this.#below(this.#visits >> 2)}`
      else query.session = this.#walk(1 + this.#below(6)).map(({ product_id }) => product_id)
      return query
    })
  }

  /** Neighbours of every product: by vector where few people have used it. */
  similarQueries(): Query[] {
    const rest = { surface: 'product', relation: 'similar', limit: 20, personalize: true, position_from: 1 } as const
    return Array.from({ length: items }, (_, i) => ({ ...rest, items: [`p${i}`] }))
  }

  #below(n: number): number {
    return Math.floor(this.#random() * n)
  }

  #happens(chance: number): boolean {
    return this.#random() < chance
  }

  /** Of every shelf the first ones are wanted most. */
  #item(): string {
    return `p${this.#below(shelves) * shelf + Math.floor(this.#random() ** 2 * shelf)}`
  }

  #product(i: number): Arrival {
    const product_id = `p${i}`
    const place = Math.floor(i / shelf)
    const title = [0, 1, 2].map(() => words[(place + this.#below(6)) % words.length]).join(' ')
    const row = { product_id, title, category: `c${place % 8} > c${place}`, brand: `b${i % 25}` }
    const ts = start - hour
    const value = plainProduct({ ...row, price: 1 + this.#below(90), stock: this.#below(20), updated_at: ts })
    return { topic: products, key: product_id, value, ts }
  }

  #walk(steps: number): { product_id: string; event_type: EventType }[] {
    const walked: string[] = []
    for (let item = this.#item(); walked.length < steps; ) {
      walked.push(item)
      if (this.#happens(0.15)) item = walked[this.#below(walked.length)]
      else if (this.#happens(0.2)) item = this.#item()
      else item = this.#neighbour(Number(item.slice(1)))
    }
    return walked.map(product_id => ({ product_id, event_type: types[this.#below(types.length)] }))
  }

  #neighbour(item: number): string {
    const first = Math.floor(item / shelf) * shelf
    return `p${first + ((item - first + 1 + this.#below(4)) % shelf)}`
  }

  #visit(visit: number): Arrival[] {
    const user_id = this.#happens(0.4) ? `u${this.#below(users)}` : null
    const session_id = `s${visit}`
    let ts = start + visit * 180_000 + this.#below(hour)
    const acts = this.#walk(1 + this.#below(8)).map((act, i): Arrival => {
      ts += 5_000 + this.#below(180_000)
      const event_id = `${session_id}-${i}`
      const value = plainEvent({ event_id, user_id, session_id, ts, ...act, context: {} })
      return { topic: interactions, key: user_id ?? session_id, value, ts }
    })
    return user_id !== null && this.#happens(0.2) ? [...acts, ...this.#order(visit, user_id, ts + 60_000)] : acts
  }

  #order(visit: number, user_id: string, ts: number): Arrival[] {
    const order_id = `o${visit}`
    const bought = new Set(this.#walk(1 + this.#below(4)).map(({ product_id }) => product_id))
    const lines = [...bought].map(product_id => line(product_id, { order_id }))
    return [
      { topic: orders, key: order_id, value: order({ order_id, user_id, order_ts: ts }), ts },
      ...lines.map(value => ({ topic: orderItems, key: order_id, value, ts }))
    ]
  }
}
