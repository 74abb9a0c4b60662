const dayS = 86_400

/** One order as it is kept. */
export interface KeptBasket {
  readonly id: string
  /** Another one for every basket, though of the same order. */
  readonly number: number
  /** Number of whose it is; a guest has one of their own with every order. */
  readonly person: number
  readonly customer: string | null
  readonly timeS: number
  /** Numbers of the items, each once. */
  readonly items: Int32Array
}

export interface BasketBounds {
  /** Baskets kept, about 0.3 KB each; the oldest is forgotten first. */
  basketsMax: number
  /** Lines of all baskets together, 4 bytes each, in the same way: where baskets are large, fewer are kept. */
  linesMax: number
  /** Of one customer, in the same way. */
  perCustomerMax: number
}

export interface OrderedBasket {
  /** null: a guest, whose basket still says what goes together. */
  customer: string | null
  /** Each once. */
  items: readonly string[]
  timeS: number
}

interface Customer {
  person: number
  baskets: KeptBasket[]
}

/** Baskets by id and by customer, in order of (time, id), and which of them are too many. */
export class BasketLog {
  private readonly bounds: BasketBounds
  private readonly byId = new Map<string, KeptBasket>()
  private readonly byCustomer = new Map<string, Customer>()
  private readonly byDay = new Map<number, KeptBasket[]>()
  private oldestDay = Number.POSITIVE_INFINITY
  private people = 0
  private added = 0
  private lines = 0

  constructor(bounds: BasketBounds) {
    this.bounds = bounds
  }

  get count(): number {
    return this.byId.size
  }

  has(id: string): boolean {
    return this.byId.has(id)
  }

  /** In no order. */
  all(): Iterable<KeptBasket> {
    return this.byId.values()
  }

  /** Oldest first; empty for a customer who is not known. */
  basketsOf(customer: string): readonly KeptBasket[] {
    return this.byCustomer.get(customer)?.baskets ?? []
  }

  /** A basket with an id that is not there. */
  add(ordered: Omit<KeptBasket, 'person' | 'number'>): KeptBasket {
    const customer = ordered.customer === null ? null : this.customerOf(ordered.customer)
    this.added = (this.added + 1) | 0
    const basket = { ...ordered, number: this.added, person: customer?.person ?? this.people++ }
    this.byId.set(basket.id, basket)
    this.lines += basket.items.length
    if (customer) insertInOrder(customer.baskets, basket)
    const day = dayOf(basket)
    const ofDay = this.byDay.get(day)
    if (ofDay) insertInOrder(ofDay, basket)
    else this.byDay.set(day, [basket])
    this.oldestDay = Math.min(this.oldestDay, day)
    return basket
  }

  /** Takes the basket out; undefined: there is none. */
  remove(id: string): KeptBasket | undefined {
    const basket = this.byId.get(id)
    if (basket === undefined) return undefined
    this.byId.delete(id)
    this.lines -= basket.items.length
    this.removeFromCustomer(basket)
    const ofDay = this.byDay.get(dayOf(basket)) as KeptBasket[]
    removeFrom(ofDay, basket)
    if (ofDay.length === 0) this.byDay.delete(dayOf(basket))
    if (this.byDay.size === 0) this.oldestDay = Number.POSITIVE_INFINITY
    return basket
  }

  /** The customer's oldest basket, or the oldest of all, where there are too many. */
  surplus(customer: string | null): KeptBasket | undefined {
    const own = customer === null ? [] : this.basketsOf(customer)
    if (own.length > this.bounds.perCustomerMax) return own[0]
    if (this.count <= this.bounds.basketsMax && this.lines <= this.bounds.linesMax) return undefined
    while (!this.byDay.has(this.oldestDay)) this.oldestDay++
    return this.byDay.get(this.oldestDay)?.[0]
  }

  private customerOf(id: string): Customer {
    let customer = this.byCustomer.get(id)
    if (customer === undefined) {
      customer = { person: this.people++, baskets: [] }
      this.byCustomer.set(id, customer)
    }
    return customer
  }

  private removeFromCustomer(basket: KeptBasket): void {
    const customer = basket.customer === null ? undefined : this.byCustomer.get(basket.customer)
    if (customer === undefined) return
    removeFrom(customer.baskets, basket)
    if (customer.baskets.length === 0) this.byCustomer.delete(basket.customer as string)
  }
}

const dayOf = ({ timeS }: KeptBasket) => Math.floor(timeS / dayS)

export function insertInOrder(list: KeptBasket[], basket: KeptBasket): void {
  const last = list.at(-1)
  if (last === undefined || isBefore(last, basket)) list.push(basket)
  else list.splice(placeOf(list, basket), 0, basket)
}

export function removeFrom(list: KeptBasket[], basket: KeptBasket): void {
  const place = placeOf(list, basket)
  if (list[place] === basket) list.splice(place, 1)
}

/** Of the first that does not come before the basket, in order of (time, id). */
function placeOf(list: readonly KeptBasket[], basket: KeptBasket): number {
  let [low, high] = [0, list.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBefore(list[middle], basket)) low = middle + 1
    else high = middle
  }
  return low
}

function isBefore(a: KeptBasket, b: KeptBasket): boolean {
  return a.timeS === b.timeS ? a.id < b.id : a.timeS < b.timeS
}
