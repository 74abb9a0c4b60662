import type { Topic } from '../../engine/index.ts'
import { event, line, order, product, user } from '../../processors/testing/builders.ts'
import type { EventType, Interaction } from '../../schemas/interaction.ts'
import { interactions, merges, orderItems, orders, products, users } from '../../schemas/topics.ts'

/** One record as it reaches the log. */
export interface Arrival {
  topic: Topic<any, any, any>
  key: string
  value: any
  ts: number
}

/** Mulberry32: the same numbers for the same seed, everywhere. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let x = Math.imul(state ^ (state >>> 15), 1 | state)
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296
  }
}

const minute = 60_000
const day = 86_400_000
const start = 1_700_000_000_000
const span = 40 * day

export interface TrafficOptions {
  /** Nothing late, twice, changed or taken away. */
  isCalm?: boolean
  visits?: number
  orders?: number
  /** Purchases as events too. */
  purchaseEvents?: boolean
  /** So many devices that act under their own id and are merged into a user, and sessions in which one user follows another. */
  shared?: number
}

/**
 * A shop's random traffic: visits of users and of anonymous sessions that sign in later, orders with lines, rows that
 * change; unless calm, with duplicates, late and marked events, returns, cancellations, deletes and times out of order.
 */
export function traffic(seed: number, options: TrafficOptions = {}): Arrival[] {
  const shop = new RandomShop(seed, options)
  shop.fill()
  return shop.arrivals()
}

class RandomShop {
  readonly #random: () => number
  readonly #options: TrafficOptions
  readonly #arrivals: (Arrival & { at: number })[] = []
  #events = 0

  constructor(seed: number, options: TrafficOptions) {
    this.#random = seeded(seed)
    this.#options = options
  }

  arrivals(): Arrival[] {
    return this.#arrivals
      .map((arrival, i) => ({ arrival, i }))
      .sort((a, b) => a.arrival.at - b.arrival.at || a.i - b.i)
      .map(({ arrival: { at: _, ...arrival } }) => arrival)
  }

  fill(): void {
    for (let i = 0; i < 30; i++) this.#product(`p${i}`)
    for (let i = 0; i < 12; i++) this.#user(`u${i}`)
    for (let i = 0; i < (this.#options.visits ?? 120); i++) this.#visit(i)
    for (let i = 0; i < (this.#options.orders ?? 120); i++) this.#order(`o${i}`, `u${this.#below(12)}`, this.#moment())
    for (let i = 0; i < (this.#options.shared ?? 0); i++) {
      this.#device(`device${i}`, `u${i % 12}`)
      this.#sharedSession(`shared${i}`, [`u${i % 12}`, `u${(i + 1 + this.#below(11)) % 12}`])
    }
  }

  #below(n: number): number {
    return Math.floor(this.#random() * n)
  }

  #happens(chance: number): boolean {
    return !this.#options.isCalm && this.#random() < chance
  }

  #moment(): number {
    return start + this.#below(span)
  }

  #arrive(topic: Topic<any, any, any>, key: string, value: unknown, ts: number): void {
    const lateBy = this.#happens(0.15) ? this.#below(3 * day) : 0
    this.#arrivals.push({ topic, key, value, ts, at: ts + lateBy })
  }

  #product(product_id: string): void {
    const row = (updated_at: number) =>
      product({
        product_id,
        category: `c${this.#below(4)}`,
        brand: `b${this.#below(3)}`,
        price: this.#below(120),
        updated_at
      })
    const first = start - day + (this.#happens(0.3) ? this.#below(5 * day) : 0)
    this.#arrivals.push({ topic: products, key: product_id, value: row(first), ts: first, at: first })
    if (!this.#happens(0.3)) return
    const second = first + day + this.#below(span)
    const isGone = this.#happens(0.3)
    const at = second + (this.#happens(0.5) ? 2 * day : 0)
    this.#arrivals.push({
      topic: products,
      key: product_id,
      value: isGone ? null : row(second),
      ts: second,
      at
    })
  }

  #user(user_id: string): void {
    const ts = this.#moment()
    this.#arrivals.push({
      topic: users,
      key: user_id,
      value: user({ user_id, country: `k${this.#below(3)}`, updated_at: ts }),
      ts,
      at: ts
    })
  }

  #visit(i: number): void {
    const person = `u${this.#below(12)}`
    const session_id = this.#random() < 0.6 ? `s${i}` : null
    const signsInAt = session_id === null ? 0 : this.#below(14)
    let ts = this.#moment()
    for (let step = 0, steps = 1 + this.#below(8); step < steps; step++) {
      ts += this.#below(12 * minute)
      this.#act({
        user_id: session_id === null || step >= signsInAt ? person : null,
        session_id,
        event_type: this.#type(),
        product_id: this.#item(),
        ts,
        context: this.#context(`visit-${i}`)
      })
    }
    if (this.#options.orders !== 0 && this.#random() < 0.3)
      this.#order(`after-visit-${i}`, person, ts + this.#below(9 * minute))
  }

  /** With and without a session, before and after it is merged. */
  #device(device: string, user_id: string): void {
    const ts = this.#moment()
    this.#arrive(merges, device, { user_id, ts }, ts)
    for (let step = 0; step < 8; step++) {
      const session_id = step % 2 === 0 ? null : `${device}s`
      this.#touch({ user_id: device, session_id, ts: ts + (step - 5) * this.#below(30 * minute) })
    }
  }

  /** Each is anonymous at first, and signs in by a look; nobody leaves anything in the cart. */
  #sharedSession(session_id: string, people: readonly string[]): void {
    let ts = this.#moment()
    for (const user_id of people) {
      ts += 3 * 60 * minute
      for (let step = 0; step < 4; step++) {
        ts += this.#below(10 * minute)
        this.#touch({ user_id: step < 2 ? null : user_id, session_id, ts }, step === 2 ? 'view' : undefined)
      }
    }
  }

  #touch(over: Pick<Interaction, 'user_id' | 'session_id' | 'ts'>, type?: EventType): void {
    const event_type = type ?? (this.#options.purchaseEvents && this.#random() < 0.3 ? 'purchase' : 'view')
    const order_id = `of-${over.session_id ?? over.user_id}`
    this.#act({ ...over, event_type, product_id: this.#item(), context: { order_id, price: 3, qty: 1 } })
  }

  #type(): EventType {
    const roll = this.#random()
    if (this.#options.purchaseEvents && roll < 0.25) return 'purchase'
    if (roll < 0.7) return 'view'
    if (roll < 0.8) return 'click'
    if (roll < 0.92) return 'add_to_cart'
    return roll < 0.96 ? 'dismiss' : 'remove_from_cart'
  }

  #context(order_id: string): Interaction['context'] {
    if (this.#happens(0.04)) return { internal: true }
    if (this.#random() < 0.2) return { recommendation_id: 'rec' }
    return this.#random() < 0.3 ? { order_id, price: 3, qty: 2 } : { price: 5 }
  }

  /** Some are wanted more than others. */
  #item(): string {
    return `p${Math.floor(this.#random() * this.#random() * 30)}`
  }

  #act(over: Partial<Interaction>): void {
    const one = event({ ...over, event_id: `event-${this.#events++}` })
    const key = (one.user_id ?? one.session_id) as string
    this.#arrive(interactions, key, one, one.ts)
    if (this.#happens(0.1)) this.#arrive(interactions, key, one, one.ts)
  }

  #order(order_id: string, user_id: string, ts: number): void {
    const row = order({ order_id, user_id, order_ts: ts })
    this.#arrive(orders, order_id, row, ts)
    const lines = new Set(Array.from({ length: 1 + this.#below(6) }, () => this.#item()))
    for (const product_id of lines) {
      const one = line(product_id, { order_id, qty: 1 + this.#below(3), price: this.#below(50) })
      // Rows of one order come in the order of their log, whatever their own times say.
      this.#arrivals.push({ topic: orderItems, key: order_id, value: one, ts, at: ts + (this.#happens(0.2) ? day : 0) })
      if (this.#happens(0.1)) this.#change(orderItems, order_id, { ...one, returned_qty: 1 }, ts)
      else if (this.#happens(0.05)) this.#change(orderItems, order_id, { ...one, deleted: true, qty: 0 }, ts)
    }
    if (this.#happens(0.1)) this.#change(orders, order_id, { ...row, status: 'cancelled' }, ts)
    else if (this.#happens(0.03)) this.#change(orders, order_id, null, ts)
  }

  #change(topic: Topic<any, any, any>, key: string, value: unknown, ts: number): void {
    this.#arrivals.push({ topic, key, value, ts, at: ts + 4 * day + this.#below(3 * day) })
  }
}
