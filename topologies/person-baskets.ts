import { from, topology } from '../engine/index.ts'
import { findBaskets, type PersonBasket } from '../processors/find-baskets.ts'
import type { PersonId } from '../schemas/ids.ts'
import { acts, baskets } from '../schemas/topics.ts'
import { basketsByPerson, basketsToErase } from './between.ts'

/**
 * Which baskets are a person's?
 *
 * A basket has the key of its order, and names one person, also where several bought under it. Who erases a person has to
 * reach all that they bought in: the tombstone that their acts end with goes on from here to each.
 */
export const personBasketsTopology = topology('person-baskets')
  .from(baskets)
  .map<PersonId, PersonBasket>('by-person', ({ key, value }) =>
    value === null ? null : { key: value.person as PersonId, value: { basket: key, ts: value.ts } }
  )
  .merge(
    from(acts).map<PersonId, PersonBasket>('purchases-and-erasures', ({ key, value: act, timestamp }) => {
      if (act === null) return { key, value: { erasedUntil: timestamp } }
      const isPurchase = act.event_type === 'purchase' && act.order_id !== null && !act.undo
      return isPurchase ? { key, value: { basket: act.order_id as string, ts: act.ts } } : null
    })
  )
  .through(basketsByPerson)
  .process(findBaskets())
  .to(basketsToErase)
