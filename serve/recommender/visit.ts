import type { Catalog } from '../../recommend/catalog.ts'
import type { Profile } from '../../recommend/visit.ts'
import type { Visitor } from './visitor.ts'

/** The items of a visit, newest first, each once, and what is in the cart. */
export class Visit {
  readonly recent: number[] = []
  readonly recentBought: boolean[] = []
  /** Newest last. */
  cart: readonly string[] = []

  read(catalog: Catalog, visitor: Visitor, given: readonly string[] | undefined): void {
    this.recent.length = 0
    this.recentBought.length = 0
    if (given !== undefined) for (let i = given.length - 1; i >= 0; i--) this.add(catalog.items.find(given[i]), false)
    this.mergeActs(catalog, visitor)
    if (this.recent.length === 0 && visitor.profile !== null) this.addHistory(visitor.profile)
    this.cart = cartOf(visitor)
  }

  private mergeActs(catalog: Catalog, { own, session }: Visitor): void {
    const shown = session?.items ?? []
    let i = own.length - 1
    let j = shown.length - 1
    while ((i >= 0 || j >= 0) && this.recent.length < recentMax) {
      const isOwn = j < 0 || (i >= 0 && own[i].ts >= shown[j].ts)
      const { product_id, event_type } = isOwn ? own[i--] : shown[j--]
      if (event_type === 'remove_from_cart' || event_type === 'dismiss') continue
      this.add(catalog.items.find(product_id), event_type === 'purchase')
    }
  }

  /** For an empty visit the person's last items stand in. */
  private addHistory({ seen, bought }: Profile): void {
    for (let i = 0; i < seen.items.length && this.recent.length < recentMax; i++) {
      this.add(seen.items[i], bought.items.includes(seen.items[i]))
    }
    for (let i = 0; i < bought.items.length && this.recent.length < recentMax; i++) this.add(bought.items[i], true)
  }

  private add(item: number, isBought: boolean): void {
    if (item < 0) return
    const at = this.recent.indexOf(item)
    if (at >= 0) {
      if (isBought) this.recentBought[at] = true
      return
    }
    if (this.recent.length >= recentMax) return
    this.recent.push(item)
    this.recentBought.push(isBought)
  }
}

const recentMax = 12

/** The cart as the view has it, with the acts that came after it. Acts it shows already change nothing. */
function cartOf({ session, own }: Visitor): readonly string[] {
  const stored = session?.cart ?? []
  if (!own.some(event => changesCart.has(event.event_type))) return stored
  const cart = new Set(stored)
  for (const { event_type, product_id } of own) {
    if (event_type === 'add_to_cart') cart.add(product_id)
    else if (event_type === 'remove_from_cart' || event_type === 'purchase') cart.delete(product_id)
  }
  return [...cart]
}

const changesCart = new Set(['add_to_cart', 'remove_from_cart', 'purchase'])
