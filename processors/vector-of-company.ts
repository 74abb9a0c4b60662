import type { Rec } from '../engine/record.ts'
import { behaviourVector, evidenceOf, type WeighedCompanion } from '../recommend/vectors/behaviour-vector.ts'
import type { ItemId } from '../schemas/ids.ts'
import { base64Of } from './signed-bytes.ts'

/** The best companions of an item, best first, and the person-days behind them. */
export interface Company {
  weight: number
  companions: WeighedCompanion[]
}

/** An item's vector from behaviour, its bytes as base64; null: nothing is known any more. */
export interface BehaviourChange {
  behaviour: string | null
  /** 0 to 1. */
  evidence: number
}

/** What the company an item keeps says of it. */
export function vectorOfCompany({ key, value: { weight, companions } }: Rec<ItemId, Company>): {
  key: ItemId
  value: BehaviourChange
} {
  if (companions.length === 0) return { key, value: { behaviour: null, evidence: 0 } }
  return { key, value: { behaviour: base64Of(behaviourVector(key, companions)), evidence: evidenceOf(weight) } }
}
