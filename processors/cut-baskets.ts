import { jsonCodec, minutes, processor, value } from '../engine/index.ts'
import type { Act } from '../schemas/act.ts'
import type { OrderId, PersonId } from '../schemas/ids.ts'

const gapMs = minutes(10)
const purchasesMax = 256

/** A purchase and the basket it is in, or, with `undo`, is no longer in. */
export interface BasketPurchase {
  act: Act
  undo: boolean
}

type Loose = { act: Act; basket: string }[]

/** The newest purchases that name no order, in order of (time, product), each with its basket. */
const state = { loose: value(jsonCodec<Loose>()) }

/**
 * Which purchases are one basket: those of one order, else of one person with at most 10 minutes from each to the next. A
 * late purchase may join two baskets or give one a new beginning: its purchases then move. Those of who is erased are
 * only forgotten here: their baskets are told by `findBaskets`.
 */
export function cutBaskets() {
  return processor<PersonId, Act | null, OrderId, BasketPurchase, never, typeof state>({
    name: 'cut-baskets',
    state,
    process({ key, value: act, timestamp }, { loose }, emit) {
      if (act === null) {
        const later = (loose.get() ?? []).filter(one => one.act.ts > timestamp)
        if (later.length > 0) loose.set(later)
        else loose.delete()
        return
      }
      const tell: Tell = (basket, one, undo) => emit(basket as OrderId, { act: one, undo }, one.ts)
      if (act.order_id !== null) {
        tell(act.order_id, act, act.undo)
        return
      }
      const known = loose.get() ?? []
      if (act.undo) takeOut(known, act, tell)
      else known.splice(placeOf(known, act), 0, { act, basket: '' })
      cut(known, key, tell)
      if (known.length > purchasesMax) known.splice(0, known.length - purchasesMax)
      loose.set(known)
    }
  })
}

type Tell = (basket: string, act: Act, undo: boolean) => void

/** Gives every purchase the basket it belongs in: a basket is named after its first moment. */
function cut(loose: Loose, person: string, tell: Tell): void {
  let basket = ''
  let last = Number.NEGATIVE_INFINITY
  for (const one of loose) {
    if (one.act.ts - last > gapMs) basket = `${person}@${one.act.ts}`
    last = one.act.ts
    if (one.basket === basket) continue
    if (one.basket !== '') tell(one.basket, one.act, true)
    tell(basket, one.act, false)
    one.basket = basket
  }
}

function takeOut(loose: Loose, act: Act, tell: Tell): void {
  const at = placeOf(loose, act)
  const found = loose[at]
  if (found?.act.ts !== act.ts || found.act.product_id !== act.product_id) return
  loose.splice(at, 1)
  tell(found.basket, found.act, true)
}

function placeOf(loose: Loose, act: Act): number {
  const at = loose.findIndex(one => isNotBefore(one.act, act))
  return at < 0 ? loose.length : at
}

function isNotBefore(a: Act, b: Act): boolean {
  return a.ts === b.ts ? a.product_id >= b.product_id : a.ts > b.ts
}
