import type { Rec } from '../engine/index.ts'
import type { Admitted } from '../processors/admit-events.ts'
import type { ErasureStep } from '../processors/follow-erasure.ts'
import type { Merge } from '../schemas/act.ts'
import type { Erasure } from '../schemas/erasure.ts'
import type { ErasureId, VisitorId } from '../schemas/ids.ts'
import type { Interaction } from '../schemas/interaction.ts'

/** What a visitor's records are made into, before admission and behind it. */

/** Of a merge. */
export function deviceOf({ key, value }: Rec<VisitorId, Interaction | Merge | Erasure>) {
  const { user_id, ts } = value as Merge
  return { key: user_id as VisitorId, value: { linked: key, ts } }
}

export function sessionOf({ key, value }: Rec<VisitorId, Admitted>) {
  if ('alsoErase' in value) return null
  return { key: 'event_id' in value ? ((value.session_id ?? value.user_id) as VisitorId) : key, value }
}

export function visitorsFound({ key, value }: Rec<VisitorId, Admitted>) {
  return 'alsoErase' in value ? { key, value: value.alsoErase } : null
}

export function idsFound({ value }: Rec<VisitorId, Admitted>) {
  return 'alsoErase' in value ? told(value.alsoErase, 'found') : null
}

/** Written in one unit of work with what the steps by session make of it. */
export function idsDone({ value }: Rec<VisitorId, Interaction | Erasure>) {
  return 'erasure_id' in value ? told(value, 'done') : null
}

const told = ({ erasure_id }: Erasure, is: ErasureStep['is']) => ({ key: erasure_id as ErasureId, value: { is } })
