import { codec, processor, value } from '../engine/index.ts'
import type { ItemId } from '../schemas/ids.ts'
import type { BoughtTogether } from '../schemas/views.ts'
import { Companions } from './companions.ts'
import type { BasketPairs } from './pair-basket.ts'
import { peopleMin } from './people.ts'

const keptMax = 400
const shownMax = 100
/** Confidence is published in steps of this. */
const steps = 10_000

interface Association {
  baskets: number
  companions: Companions
}

const associationCodec = codec<Association>({
  version: 1,
  write(out, { baskets, companions }) {
    out.zigzag(baskets)
    companions.write(out)
  },
  read: input => ({ baskets: input.zigzag(), companions: Companions.read(input) }),
  deltas: {
    write: (out, { baskets, companions }) => companions.writeDelta(out.zigzag(baskets)),
    apply(association, input) {
      association.baskets = input.zigzag()
      association.companions.applyDelta(input)
    },
    stored: ({ companions }) => companions.stored(),
    memoryBytes: ({ companions }) => companions.bytes,
    released: ({ companions }) => companions.release()
  }
})

const state = { association: value(associationCodec, { equality: { tolerance: 0.05 } }) }

/** How often an item was bought, and with what. */
export function rankBoughtTogether() {
  return processor<ItemId, BasketPairs, never, never, BoughtTogether, typeof state>({
    name: 'rank-bought-together',
    state,
    process({ key, value: { person, baskets, more, less } }, { association }) {
      const known = association.get() ?? { baskets: 0, companions: new Companions() }
      known.baskets += baskets
      if (less.length > 0) known.companions.add(less, { self: key, weight: 1, isGone: true, person })
      if (more.length > 0) known.companions.add(more, { self: key, weight: 1, person })
      known.companions.cut(keptMax, 0)
      // What was taken back whole has never been, whichever of its baskets came first.
      if (known.baskets === 0 && known.companions.length === 0) association.delete()
      else association.set(known)
    },
    view(_, { association }) {
      const known = association.get()
      if (!known || known.baskets <= 0) return null
      const companions = known.companions.best({ count: shownMax, weightMin: 0 }, (product_id, together) => ({
        product_id,
        together,
        confidence: Math.round((together / known.baskets) * steps) / steps,
        people: peopleMin
      }))
      return { baskets: known.baskets, companions }
    }
  })
}
