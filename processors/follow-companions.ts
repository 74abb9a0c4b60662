import { codec, processor, value } from '../engine/index.ts'
import { decay } from '../recommend/decay.ts'
import { behaviourVector, companionsMax, evidenceOf } from '../recommend/vectors/behaviour-vector.ts'
import { dimensions, unit } from '../recommend/vectors/signed-projection.ts'
import type { ItemId } from '../schemas/ids.ts'
import type { SimilarRow } from '../schemas/similar-row.ts'
import { similarHalfLifeMs } from '../schemas/views.ts'
import { base64Of, readVector, writeVector } from './signed-bytes.ts'

/** An item's vector from behaviour, its bytes as base64; null: nothing is known any more. */
export interface BehaviourChange {
  behaviour: string | null
  /** 0 to 1. */
  evidence: number
}

/** From so many person-days on, a row is looked at again only when this share of them is new. */
const lookedAtMin = 8
const newShare = 1 / 8
/** A vector that has moved by less of its length is not told. */
const movedMin = 1 / 4

interface Followed {
  /** Of the row that was looked at last. */
  weight: number
  asOf: number
  /** As told last; null: none. */
  vector: Int8Array | null
}

const followedCodec = codec<Followed>({
  version: 1,
  write(out, { weight, asOf, vector }) {
    out.f64(weight).zigzag(asOf)
    writeVector(out, vector)
  },
  read: input => ({ weight: input.f64(), asOf: input.zigzag(), vector: readVector(input) })
})
const state = { followed: value(followedCodec, { equality: { tolerance: 0.6 } }) }

/**
 * Makes an item's behaviour vector from its row in `similar-items`, and tells it when it has moved: a popular item's row
 * changes with every visit and its vector hardly does.
 */
export function followCompanions() {
  return processor<ItemId, SimilarRow | null, ItemId, BehaviourChange, never, typeof state>({
    name: 'follow-companions',
    state,
    process({ key, value: row }, { followed }, emit) {
      const known = followed.get()
      if (row === null) {
        followed.delete()
        if (known?.vector) emit(key, nothing)
        return
      }
      if (known?.vector && isOld(known, row)) return
      const companions = row.companions(companionsMax)
      const vector = companions.length > 0 ? behaviourVector(key, companions) : null
      const told = known?.vector ?? null
      const isNews = vector === null ? told !== null : told === null || hasMoved(told, vector)
      followed.set({ weight: row.weight, asOf: row.as_of, vector: isNews ? vector : told })
      if (isNews) emit(key, vector ? { behaviour: base64Of(vector), evidence: evidenceOf(row.weight) } : nothing)
    }
  })
}

const nothing: BehaviourChange = { behaviour: null, evidence: 0 }

function isOld(known: Followed, { weight, as_of }: SimilarRow): boolean {
  if (weight < lookedAtMin) return false
  const left = known.weight * decay(Math.max(0, as_of - known.asOf), similarHalfLifeMs)
  return Math.abs(weight - left) < newShare * weight
}

function hasMoved(from: Int8Array, to: Int8Array): boolean {
  let squares = 0
  for (let i = 0; i < dimensions; i++) squares += (from[i] - to[i]) * (from[i] - to[i])
  return squares > movedMin * unit * movedMin * unit
}
