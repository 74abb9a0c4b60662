import { days, hours, processor, value } from '../engine/index.ts'
import { decay } from '../recommend/decay.ts'
import type { ItemId } from '../schemas/ids.ts'
import type { SimilarItems } from '../schemas/views.ts'
import type { Companions } from './companions.ts'
import type { ItemPairs } from './pair-sittings.ts'
import { peopleMin } from './people.ts'
import { nothingSimilar, similarCodec } from './similar-state.ts'
import type { Company } from './vector-of-company.ts'

const halfLifeMs = days(7)
const keptMax = 500
const shownMax = 100
/** Weights are published in steps of this. */
const steps = 10_000
/** A pair whose sum has decayed below this is not shown. */
const weightMin = 0.01

/**
 * The company an item keeps is told a day after it is first known; later a change waits twice as long each time, at most
 * four weeks: what is old changes little. On whole quarters of days.
 */
const firstWaitDays = 1
const waitDaysMax = 28
const gridMs = hours(6)
const toldMax = 64

const state = { similar: value(similarCodec, { equality: { tolerance: 0.05 } }) }

/**
 * What people touch in one sitting with an item, newer days counting more: half as much every 7 days. The view shows every
 * change; whoever needs it seldom is told the best of it by event time: at most once a day, later every four weeks; when
 * so long has passed without a change, what the view says.
 */
export function rankSimilar() {
  return processor<ItemId, ItemPairs, ItemId, Company, SimilarItems, typeof state>({
    name: 'rank-similar',
    state,
    process({ key, value: { day, person, weight, together, bought } }, { similar, timers }) {
      const known = similar.get() ?? nothingSimilar(day)
      if (day > known.asOf) {
        const factor = decay(day - known.asOf, halfLifeMs)
        known.weight *= factor
        known.together.scale(factor)
        known.bought.scale(factor)
        known.asOf = day
      }
      const worth = decay(known.asOf - day, halfLifeMs)
      known.weight += weight * worth
      for (const [list, change] of [
        [known.together, together],
        [known.bought, bought]
      ] as const) {
        if (change.less.length > 0) list.add(change.less, { self: key, weight: worth, isGone: true, person })
        if (change.more.length > 0) list.add(change.more, { self: key, weight: worth, person })
        list.cut(keptMax, weightMin)
      }
      if (!known.isWaiting) {
        known.isWaiting = true
        timers.at(Math.ceil((known.asOf + days(known.waitDays || firstWaitDays)) / gridMs) * gridMs)
      }
      similar.set(known)
    },
    onTimer({ key }, { similar }, emit) {
      const known = similar.get()
      if (!known) return
      const companions = shown(known.together, known.weight, toldMax)
      if (companions.length > 0 || known.waitDays > 0) emit(key, { weight: known.weight, companions })
      known.isWaiting = false
      known.waitDays = companions.length > 0 ? Math.min(waitDaysMax, known.waitDays * 2 || 2) : 0
      similar.set(known)
    },
    view(_, { similar }) {
      const known = similar.get()
      if (!known) return null
      const { asOf, weight, together, bought } = known
      return {
        as_of: asOf,
        weight: Math.round(weight * steps) / steps,
        co_viewed: shown(together, weight, shownMax),
        viewed_then_bought: shown(bought, weight, shownMax)
      }
    }
  })
}

function shown(list: Companions, weight: number, max: number): SimilarItems['co_viewed'] {
  return list.best({ count: max, weightMin }, (product_id, together) => ({
    product_id,
    score: Math.round((together / weight) * steps) / steps,
    people: peopleMin
  }))
}
