import { codec, processor, value } from '../engine/index.ts'
import { decay } from '../recommend/decay.ts'
import { priceBand } from '../recommend/price-band.ts'
import type { ItemId } from '../schemas/ids.ts'
import { halfLives, type ItemFeatures } from '../schemas/views.ts'
import type { Contribution, ItemCounts } from './count-once-per-day.ts'

/** What the catalog says of the price; null = the product is gone. */
export interface ItemPrice {
  price: number | null
}

const lives = Object.values(halfLives)
/** Popularity is published in steps of this. */
const steps = 10_000

interface Features {
  /** Newest time heard of, which the sums are decayed to; −∞ before the first act. */
  asOf: number
  firstSeen: number
  /** Four sums of all acts, then four of organic ones. */
  sums: Float64Array
  acts: number[]
  units: number
  buyers: number
  rebuyers: number
  price: number | null
}

const featuresCodec = codec<Features>({
  version: 2,
  write(out, { asOf, firstSeen, sums, acts, units, buyers, rebuyers, price }) {
    out
      .f64(asOf)
      .f64(firstSeen)
      .f64(units)
      .f64(price ?? Number.NaN)
    for (const sum of sums) out.f64(sum)
    for (const count of acts) out.zigzag(count)
    out.zigzag(buyers).zigzag(rebuyers)
  },
  read(input) {
    const [asOf, firstSeen, units, price] = [input.f64(), input.f64(), input.f64(), input.f64()]
    const sums = Float64Array.from({ length: lives.length * 2 }, () => input.f64())
    const acts = [input.zigzag(), input.zigzag(), input.zigzag(), input.zigzag()]
    const [buyers, rebuyers] = [input.zigzag(), input.zigzag()]
    return { asOf, firstSeen, units, buyers, rebuyers, price: Number.isNaN(price) ? null : price, sums, acts }
  }
})

const state = { features: value(featuresCodec, { equality: { tolerance: 1e-9 } }) }

/** How much an item is wanted: decayed sums over person-days, and counts since the beginning. */
export function foldItemFeatures() {
  return processor<ItemId, ItemCounts | ItemPrice, never, never, ItemFeatures, typeof state>({
    name: 'fold-item-features',
    state,
    process({ value: change }, { features }) {
      const known = features.get() ?? nothing()
      if ('acts' in change) add(known, change)
      else known.price = change.price
      features.set(known)
    },
    view(_, { features }) {
      const known = features.get()
      return known && known.asOf > Number.NEGATIVE_INFINITY ? featuresOf(known) : null
    }
  })
}

function nothing(): Features {
  return {
    asOf: Number.NEGATIVE_INFINITY,
    firstSeen: Number.POSITIVE_INFINITY,
    sums: new Float64Array(lives.length * 2),
    acts: [0, 0, 0, 0],
    units: 0,
    buyers: 0,
    rebuyers: 0,
    price: null
  }
}

function add(known: Features, { from, to, acts, units, buyers, rebuyers, popularity, organic }: ItemCounts): void {
  if (to > known.asOf) {
    const elapsed = to - known.asOf
    for (let i = 0; i < lives.length; i++) {
      const factor = elapsed < Number.POSITIVE_INFINITY ? decay(elapsed, lives[i]) : 0
      known.sums[i] *= factor
      known.sums[i + lives.length] *= factor
    }
    known.asOf = to
  }
  known.firstSeen = Math.min(known.firstSeen, from)
  for (const one of popularity) addDecayed(known, one, 0)
  for (const one of organic) addDecayed(known, one, lives.length)
  for (let i = 0; i < acts.length; i++) known.acts[i] += acts[i]
  known.units += units
  known.buyers += buyers
  known.rebuyers += rebuyers
}

/** An act of the past is added as what is left of it; one of the future cannot be: `asOf` has moved there before. */
function addDecayed({ asOf, sums }: Features, { worth, ts }: Contribution, offset: number): void {
  const elapsed = Math.max(0, asOf - ts)
  for (let i = 0; i < lives.length; i++) sums[i + offset] += worth * decay(elapsed, lives[i])
}

function featuresOf({ asOf, firstSeen, sums, acts, units, buyers, rebuyers, price }: Features): ItemFeatures {
  const rounded = Array.from(sums, sum => Math.max(0, Math.round(sum * steps) / steps))
  const [views, clicks, carts, purchases] = acts
  const [, perDay, , perMonth] = rounded
  return {
    as_of: asOf,
    popularity: rounded.slice(0, 4) as ItemFeatures['popularity'],
    organic: rounded.slice(4) as ItemFeatures['organic'],
    views,
    clicks,
    carts,
    purchases,
    units,
    buyers,
    reorder_rate: buyers > 0 ? Math.round((rebuyers / buyers) * steps) / steps : null,
    // One person a day is added on both sides: a single act is no trend.
    trend: Math.round(((perDay + 1) / (perMonth / 30 + 1)) * 100) / 100,
    conversion: views > 0 ? Math.round((purchases / (views + 1)) * steps) / steps : null,
    price_band: priceBand(price),
    first_seen: firstSeen,
    last_seen: asOf
  }
}
