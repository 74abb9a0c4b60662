import { from, topology } from '../engine/index.ts'
import { findBaskets, type PersonBasket } from '../processors/find-baskets.ts'
import type { PersonId } from '../schemas/ids.ts'
import { acts, baskets } from '../schemas/topics.ts'
import { basketsByPerson, basketsToErase } from './between.ts'

/**
 * Which baskets are a person's?
 *
 * A basket has the key of its order. Who erases a person has to reach all of theirs: the tombstone that their acts end with
 * goes on from here to each.
 */
export const personBasketsTopology = topology('person-baskets')
  .from(baskets)
  .map<PersonId, PersonBasket>('by-person', ({ key, value }) =>
    value === null ? null : { key: value.person as PersonId, value: { basket: key, ts: value.ts } }
  )
  .merge(
    from(acts).map<PersonId, PersonBasket>('erased-persons', ({ key, value, timestamp }) =>
      value === null ? { key, value: { erasedUntil: timestamp } } : null
    )
  )
  .through(basketsByPerson)
  .process(findBaskets())
  .to(basketsToErase)
