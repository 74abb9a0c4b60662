import type { Basket, BasketLine } from '../schemas/act.ts'
import type { ItemId } from '../schemas/ids.ts'
import type { BasketChange } from './compare-baskets.ts'
import { hashOf } from './hash.ts'

const itemsMax = 100

/** Key of the record, and of the view's row, that counts baskets of whatever. */
export const anyItem = '*' as ItemId

/** What a change of one basket means for one of its items; the lists may name the item itself. */
export interface BasketPairs {
  /** A small hash of whose basket it is. */
  person: number
  /** Baskets with the item: one more, one less or, for the same number, 0. */
  baskets: number
  more: string[]
  less: string[]
  /** In a basket with the item that does not count: they only met. */
  met: string[]
}

/** One record per basket and item, with its companions: of the 100 dearest lines, ties by id. */
export function pairBasket({ before, after }: BasketChange): { key: ItemId; value: BasketPairs }[] {
  const was = before?.counts ? dearest(before) : []
  const is = dearest(after)
  const now = after.counts ? is : []
  const person = hashOf(after.person) || 1
  if (was.length === 0) {
    const records = is.map(id => ({
      key: id as ItemId,
      value: { person, baskets: now.length > 0 ? 1 : 0, more: now, less: [], met: now.length > 0 ? [] : is }
    }))
    return now.length > 0 ? [...records, total(1)] : records
  }
  return [...changed(was, now, person), ...(now.length > 0 ? [] : [total(-1)])]
}

/** In a basket that counted before, pairs among what stays are left alone. */
function changed(was: string[], now: string[], person: number): { key: ItemId; value: BasketPairs }[] {
  const gone = was.filter(id => !now.includes(id))
  const come = now.filter(id => !was.includes(id))
  if (gone.length + come.length === 0) return []
  const stays = was.filter(id => now.includes(id))
  const record = (id: string, baskets: number, more: string[], less: string[]) => ({
    key: id as ItemId,
    value: { person, baskets, more, less, met: [] }
  })
  return [
    ...gone.map(id => record(id, -1, [], was)),
    ...come.map(id => record(id, 1, now, [])),
    ...stays.map(id => record(id, 0, come, gone))
  ]
}

function total(baskets: number): { key: ItemId; value: BasketPairs } {
  return { key: anyItem, value: { person: 0, baskets, more: [], less: [], met: [] } }
}

function dearest({ lines }: Basket): string[] {
  const standing = lines.filter(line => line.qty > 0)
  if (standing.length > itemsMax) standing.sort((a, b) => worth(b) - worth(a) || (a.product_id < b.product_id ? -1 : 1))
  return standing.slice(0, itemsMax).map(line => line.product_id)
}

const worth = ({ qty, price }: BasketLine) => qty * price
