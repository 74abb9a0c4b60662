import { numberCodec, processor, table, value } from '../engine/index.ts'
import type { TableHandle } from '../engine/processor.ts'
import type { OrderId, PersonId } from '../schemas/ids.ts'

/** Whose basket it is, and of when; or, for who is erased, until when. Key: the person. */
export type PersonBasket = { basket: string; ts: number } | { erasedUntil: number }

/** What is this person's in the basket, up to then, is to be forgotten. Key: the basket. */
export interface BasketErasure {
  erased: string
  until: number
}

/** Baskets of one person that an erasure finds; those beyond it stay until they are too old for their place. */
const basketsMax = 10_000

const state = {
  /** Time of each, by its id. */
  baskets: table(numberCodec, { layout: 'rows' }),
  erasedUntil: value(numberCodec)
}

/** Knows which baskets are a person's, so that an erasure reaches them: also those that come late or are told again. */
export function findBaskets() {
  return processor<PersonId, PersonBasket, OrderId, BasketErasure, never, typeof state>({
    name: 'find-baskets',
    state,
    process({ key, value: told }, { baskets, erasedUntil }, emit) {
      const known = erasedUntil.get() ?? Number.NEGATIVE_INFINITY
      if ('basket' in told) {
        if (told.ts <= known) emit(told.basket as OrderId, { erased: key, until: known })
        else note(baskets, told)
        return
      }
      const until = Math.max(known, told.erasedUntil)
      erasedUntil.set(until)
      for (const [basket, ts] of [...baskets.entries()]) {
        if (ts > until) continue
        emit(basket as OrderId, { erased: key, until })
        baskets.delete(basket)
      }
    }
  })
}

/** Anything of theirs in it may be of the earliest time that is told. */
function note(baskets: TableHandle<number>, { basket, ts }: { basket: string; ts: number }): void {
  const known = baskets.get(basket)
  if (known === undefined ? baskets.size < basketsMax : ts < known) baskets.set(basket, ts)
}
