import { from, type Topology, topology } from '../engine/index.ts'
import type { Stream } from '../engine/topology.ts'
import { changedPurchases } from '../processors/changed-purchases.ts'
import { compareBaskets } from '../processors/compare-baskets.ts'
import { foldUser } from '../processors/fold-user.ts'
import { interestInBought, interestOfAct } from '../processors/interests.ts'
import { joinTaste } from '../processors/join-taste.ts'
import type { Interest } from '../processors/open-interests.ts'
import type { UserChange } from '../processors/user-change.ts'
import type { Act } from '../schemas/act.ts'
import type { ItemId, PersonId } from '../schemas/ids.ts'
import { acts, baskets, merges, products, userFeatures, users } from '../schemas/topics.ts'
import { anyOf } from './any-of.ts'
import { changesByUser, handovers, interestsByItem, interestsToErase } from './between.ts'

const change = (key: string, value: UserChange) => ({ key: key as PersonId, value })

/**
 * What does a customer like, and what have they seen, bought and hidden?
 *
 * What an act says of a taste is known where its item's row is, and goes on to the user. An anonymous visitor has none.
 */
export function userFeaturesTopology(): Topology {
  const allActs = topology('user-features').from(acts)
  const ofUsers = allActs.filter(
    'of-users',
    ({ value }) => value !== null && value.user_id !== null && value.event_type !== 'purchase'
  ) as Stream<PersonId, Act>
  const bought = from(baskets).process(compareBaskets())
  const tastes = ofUsers
    .map<ItemId, Interest>('interests', ({ value }) => interestOfAct(value))
    .merge(
      bought.map<ItemId, Interest>('interests-in-bought', ({ value }) => interestInBought(value)),
      from(products).map<ItemId, Interest>('rows', ({ key, value }) => ({ key, value })),
      from(anyOf<ItemId, Interest>(interestsToErase))
    )
    .through(interestsByItem)
    .process(joinTaste())
  const folded = ofUsers
    .map('acts', ({ key, value }) => change(key, { kind: 'act', act: value }))
    .merge(
      allActs.map('erasures', ({ key, value, timestamp }) =>
        value === null ? change(key, { kind: 'erasure', until: timestamp }) : null
      ),
      tastes.map('tastes', ({ key, value }) => change(key, { kind: 'taste', taste: value })),
      bought.map('purchases', ({ value }) =>
        [...changedPurchases(value)]
          .filter(([, { isUser }]) => isUser)
          .map(([person, purchases]) => change(person, { kind: 'purchases', purchases }))
      ),
      from(users).map('users', ({ key, value }) => change(key, { kind: 'row', row: value })),
      from(merges).map('merges', ({ key, value }) => change(key, { kind: 'merge', merge: value })),
      from(handovers).map('handovers', ({ key, value }) => change(key, { kind: 'handover', handover: value }))
    )
    .through(changesByUser)
    .process(foldUser())
  folded.filter('handed-over', ({ value }) => 'history' in value).to(anyOf(handovers))
  folded.filter('to-forget', ({ value }) => 'forgets' in value).to(anyOf(interestsToErase))
  return folded.to(userFeatures)
}
