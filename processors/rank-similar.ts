import { codec, days, processor, value } from '../engine/index.ts'
import { decay } from '../recommend/decay.ts'
import type { ItemId } from '../schemas/ids.ts'
import type { SimilarItems } from '../schemas/views.ts'
import { Companions } from './companions.ts'
import type { ItemPairs } from './pair-sittings.ts'

const halfLifeMs = days(7)
const keptMax = 500
const shownMax = 100
/** Weights are published in steps of this. */
const steps = 10_000
/** A pair whose sum has decayed below this is not shown. */
const weightMin = 0.01

interface Similar {
  /** Start of the newest day, which everything is decayed to. */
  asOf: number
  /** Person-days on the item. */
  weight: number
  together: Companions
  bought: Companions
}

const similarCodec = codec<Similar>({
  version: 1,
  write(out, { asOf, weight, together, bought }) {
    out.zigzag(asOf).f64(weight)
    together.write(out)
    bought.write(out)
  },
  read: input => ({
    asOf: input.zigzag(),
    weight: input.f64(),
    together: Companions.read(input),
    bought: Companions.read(input)
  }),
  deltas: {
    write(out, { asOf, weight, together, bought }) {
      out.zigzag(asOf).f64(weight)
      return together.writeDelta(out) && bought.writeDelta(out)
    },
    apply(similar, input) {
      similar.asOf = input.zigzag()
      similar.weight = input.f64()
      similar.together.applyDelta(input)
      similar.bought.applyDelta(input)
    },
    stored({ together, bought }) {
      together.stored()
      bought.stored()
    },
    memoryBytes: ({ together, bought }) => together.bytes + bought.bytes
  }
})

const state = { similar: value(similarCodec, { equality: { tolerance: 0.05 } }) }

/** What people touch in one sitting with an item, newer days counting more: half as much every 7 days. */
export function rankSimilar() {
  return processor<ItemId, ItemPairs, never, never, SimilarItems, typeof state>({
    name: 'rank-similar',
    state,
    process({ key, value: { day, person, weight, together, bought } }, { similar }) {
      const known = similar.get() ?? { asOf: day, weight: 0, together: new Companions(), bought: new Companions() }
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
      similar.set(known)
    },
    view(_, { similar }) {
      const known = similar.get()
      if (!known) return null
      const { asOf, weight, together, bought } = known
      return {
        as_of: asOf,
        weight: Math.round(weight * steps) / steps,
        co_viewed: shown(together, weight),
        viewed_then_bought: shown(bought, weight)
      }
    }
  })
}

function shown(list: Companions, weight: number): SimilarItems['co_viewed'] {
  return list.best(shownMax, weightMin).map(({ product_id, weight: together, people }) => ({
    product_id,
    score: Math.round((together / weight) * steps) / steps,
    people
  }))
}
