import type { Basket } from '../schemas/act.ts'
import type { ItemId } from '../schemas/ids.ts'
import type { BasketChange } from './compare-baskets.ts'
import { hashOf } from './hash.ts'

const itemsMax = 100

/** Key of the record, and of the view's row, that counts baskets of whatever. */
const anyItem = '*' as ItemId

/** What a change of one basket means for one of its items; the lists may name the item itself. */
export interface BasketPairs {
  /** A small hash of whose basket it is. */
  person: number
  /** Baskets with the item: one more, one less or, for the same number, 0. */
  baskets: number
  more: string[]
  less: string[]
}

/** One record per basket and item, with its companions: of the 100 dearest lines, ties by id. */
export function pairBasket({ before, after }: BasketChange): { key: ItemId; value: BasketPairs }[] {
  const was = before?.counts ? dearest(before) : []
  const now = after.counts ? dearest(after) : []
  const person = hashOf(after.person)
  // Somebody else's basket is another one.
  const changes =
    before && before.person !== after.person
      ? [...changed(was, [], hashOf(before.person)), ...changed([], now, person)]
      : changed(was, now, person)
  const baskets = Math.sign(now.length) - Math.sign(was.length)
  return baskets === 0 ? changes : [...changes, { key: anyItem, value: { person: 0, baskets, more: [], less: [] } }]
}

/** Pairs among what stays are left alone. */
function changed(was: string[], now: string[], person: number): { key: ItemId; value: BasketPairs }[] {
  const gone = was.filter(id => !now.includes(id))
  const come = now.filter(id => !was.includes(id))
  if (gone.length + come.length === 0) return []
  const stays = was.filter(id => now.includes(id))
  const record = (id: string, baskets: number, more: string[], less: string[]) => ({
    key: id as ItemId,
    value: { person, baskets, more, less }
  })
  return [
    ...gone.map(id => record(id, -1, [], was)),
    ...come.map(id => record(id, 1, now, [])),
    ...stays.map(id => record(id, 0, come, gone))
  ]
}

function dearest({ lines }: Basket): string[] {
  const worths = new Map<string, number>()
  for (const { product_id, qty, price } of lines) {
    if (qty > 0) worths.set(product_id, (worths.get(product_id) ?? 0) + qty * price)
  }
  if (worths.size <= itemsMax) return [...worths.keys()]
  const dearestFirst = [...worths].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
  return dearestFirst.slice(0, itemsMax).map(([id]) => id)
}
