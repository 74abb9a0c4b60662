import { codec, days, hours, processor, value } from '../engine/index.ts'
import { decay } from '../recommend/decay.ts'
import { behaviourVector, companionsMax, evidenceOf } from '../recommend/vectors/behaviour-vector.ts'
import type { ItemId } from '../schemas/ids.ts'
import { companionsIn, type SimilarRow } from '../schemas/similar-row.ts'
import { similarHalfLifeMs } from '../schemas/views.ts'
import { base64Of } from './signed-bytes.ts'

/** An item's vector from behaviour, its bytes as base64; null: nothing is known any more. */
export interface BehaviourChange {
  behaviour: string | null
  /** 0 to 1. */
  evidence: number
}

/** A changed row waits until its day is so long ago, to the next quarter of a day; at most half of it is then new. */
const waitMs = days(7)
const gridMs = hours(6)
/** What has grown by so much, and by so many person-days on top, does not wait. */
const growth = 2
const growthDays = 2

interface Followed {
  /** Of the row that the vector was made from. */
  weight: number
  asOf: number
  /** Of a newer row, which waits for its timer: its weight, time and companions as they were written. */
  waiting: { weight: number; asOf: number; companions: Buffer } | null
}

const followedCodec = codec<Followed>({
  version: 1,
  memoryFactor: 1.5,
  write(out, { weight, asOf, waiting }) {
    out.f64(weight).zigzag(asOf)
    if (waiting) out.f64(waiting.weight).zigzag(waiting.asOf).bytes(waiting.companions)
  },
  read(input) {
    const [weight, asOf] = [input.f64(), input.zigzag()]
    if (input.isAtEnd) return { weight, asOf, waiting: null }
    const newer = { weight: input.f64(), asOf: input.zigzag() }
    return { weight, asOf, waiting: { ...newer, companions: input.bytes(input.end - input.position) } }
  }
})
const state = { followed: value(followedCodec, { equality: { tolerance: 0.05 } }) }

/**
 * Makes an item's behaviour vector from its row in `similar-items`: at once where it has none or has more than doubled, else
 * once its day is a week ago. So a popular item's vector is not made anew with every visit, and what
 * stands when time has passed follows from the last row alone.
 */
export function followCompanions() {
  return processor<ItemId, SimilarRow | null, ItemId, BehaviourChange, never, typeof state>({
    name: 'follow-companions',
    state,
    process({ key, value: row }, { followed, timers }, emit) {
      const known = followed.get()
      if (row?.hasCompanions !== true) {
        if (known) emit(key, { behaviour: null, evidence: 0 })
        followed.delete()
        return
      }
      const { weight, as_of: asOf } = row
      if (known && !hasGrown(known, row)) {
        if (!known.waiting) timers.at(Math.ceil((asOf + waitMs) / gridMs) * gridMs)
        followed.set({ ...known, waiting: { weight, asOf, companions: row.head(companionsMax) } })
        return
      }
      followed.set({ weight, asOf, waiting: null })
      emit(key, changeOf(key, weight, row.head(companionsMax)))
    },
    onTimer({ key }, { followed }, emit) {
      const known = followed.get()
      if (!known?.waiting) return
      const { weight, asOf, companions } = known.waiting
      followed.set({ weight, asOf, waiting: null })
      emit(key, changeOf(key, weight, companions))
    }
  })
}

function hasGrown(known: Followed, { weight, as_of }: SimilarRow): boolean {
  const left = known.weight * decay(Math.max(0, as_of - known.asOf), similarHalfLifeMs)
  return weight > growth * left + growthDays
}

function changeOf(item: string, weight: number, companions: Buffer): BehaviourChange {
  return { behaviour: base64Of(behaviourVector(item, companionsIn(companions))), evidence: evidenceOf(weight) }
}
