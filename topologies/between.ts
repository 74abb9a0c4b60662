import { days, topic } from '../engine/index.ts'
import type { Linked } from '../processors/admit-events.ts'
import type { ItemCounts } from '../processors/count-once-per-day.ts'
import type { BasketPurchase } from '../processors/cut-baskets.ts'
import type { BasketErasure, PersonBasket } from '../processors/find-baskets.ts'
import type { ItemPrice } from '../processors/fold-item-features.ts'
import type { ErasureStep } from '../processors/follow-erasure.ts'
import type { TermUse } from '../processors/list-terms.ts'
import type { VectorChange } from '../processors/mix-vectors.ts'
import type { ForgottenInterest, Interest } from '../processors/open-interests.ts'
import type { BasketPairs } from '../processors/pair-basket.ts'
import type { ItemPairs } from '../processors/pair-sittings.ts'
import type { TouchChange } from '../processors/person-day.ts'
import type { Handover, UserChange } from '../processors/user-change.ts'
import type { Company } from '../processors/vector-of-company.ts'
import type { Erasure } from '../schemas/erasure.ts'
import type { ErasureId, ItemId, OrderId, PersonId, TermId, VisitorId } from '../schemas/ids.ts'
import type { Interaction } from '../schemas/interaction.ts'
import { jsonValue } from '../schemas/json.ts'

/** Topics inside one topology, where its steps need another key. Named after what they carry and by which key. */

export const eventsBySession = topic<VisitorId, Interaction | Erasure>('events-by-session', { value: jsonValue() })
export const purchasesByBasket = topic<OrderId, BasketPurchase>('purchases-by-basket', { value: jsonValue() })
export const touchesByPerson = topic<PersonId, TouchChange>('touches-by-person', { value: jsonValue() })
export const countsByItem = topic<ItemId, ItemCounts | ItemPrice>('counts-by-item', { value: jsonValue() })
export const pairsByItem = topic<ItemId, ItemPairs>('pairs-by-item', { value: jsonValue() })
export const basketsByItem = topic<ItemId, BasketPairs>('baskets-by-item', { value: jsonValue() })
export const interestsByItem = topic<ItemId, Interest>('interests-by-item', {
  value: jsonValue()
})
export const changesByUser = topic<PersonId, UserChange>('changes-by-user', { value: jsonValue() })
/** Goes through the log, since a merged device's history ends up in the step it came from. */
export const handovers = topic<PersonId, Handover>('handovers', { value: jsonValue() })
export const usesByTerm = topic<TermId, TermUse>('uses-by-term', { value: jsonValue() })
export const changesByItem = topic<ItemId, VectorChange>('changes-by-item', { value: jsonValue() })
export const devicesByUser = topic<VisitorId, Linked>('devices-by-user', { value: jsonValue() })
export const basketsByPerson = topic<PersonId, PersonBasket>('baskets-by-person', { value: jsonValue() })
export const stepsByErasure = topic<ErasureId, Erasure | ErasureStep>('steps-by-erasure', { value: jsonValue() })

/** Erasures on their way through the log; a week is more than they need. */
const onTheWay = { retentionMs: days(7) }
/** Sessions and devices of who is erased, to the step that has found them. */
export const visitorsToErase = topic<VisitorId, Erasure>('visitors-to-erase', { value: jsonValue(), ...onTheWay })
/** To the topology that keeps the baskets. */
export const basketsToErase = topic<OrderId, BasketErasure>('baskets-to-erase', { value: jsonValue(), ...onTheWay })
/** To the step that keeps what people liked, by item. */
export const interestsToErase = topic<ItemId, ForgottenInterest>('interests-to-erase', {
  value: jsonValue(),
  ...onTheWay
})
export const erasureSteps = topic<ErasureId, ErasureStep>('erasure-steps', { value: jsonValue(), ...onTheWay })
/** Through the log, from `similar-items` to `item-vectors`. */
export const company = topic<ItemId, Company>('company', { value: jsonValue(), retentionMs: days(7) })
