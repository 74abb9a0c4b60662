import type { Act } from '../schemas/act.ts'
import type { PersonPurchases, Purchase } from './changed-purchases.ts'
import { type Touch, type TouchType, touchTypes } from './touch.ts'
import type { Touches } from './touches.ts'

/** Touches of one person that come or go, all of one kind of source. */
export interface TouchChange {
  gone: Touch[]
  come: Touch[]
  ts: number
  /** Items that were heard of without counting. */
  idle: { product_id: string; ts: number }[]
  /** Units sold or returned, where the touches are purchases. */
  units: { product_id: string; qty: number }[]
  /** The person is forgotten: all that was touched up to `ts` goes, but for purchases, which their baskets take back. */
  isErasure?: boolean
}

export function erasureAt(ts: number): TouchChange {
  return { gone: [], come: [], ts, idle: [], units: [], isErasure: true }
}

/** With everything that the person of these touches is to lose. */
export function told(change: TouchChange, touches: Touches): TouchChange {
  return change.isErasure ? { ...change, gone: actedUntil(touches, change.ts) } : change
}

function actedUntil(touches: Touches, ts: number): Touch[] {
  const found: Touch[] = []
  for (let i = 0; i < touches.length && touches.times[i] <= ts; i++) {
    const type = touchTypes[touches.typeAt(i)]
    if (type === 'purchase') continue
    found.push({ product_id: touches.itemAt(i), ts: touches.times[i], type, organic: touches.isOrganicAt(i) })
  }
  return found
}

/** Null for acts that are no touch, such as dismissals. */
export function touchOfAct(act: Act): TouchChange | null {
  if (!touchTypes.includes(act.event_type as TouchType)) return null
  const { product_id, ts, recommendation_id } = act
  const touch = { product_id, ts, type: act.event_type as TouchType, organic: recommendation_id === null }
  return { gone: act.undo ? [touch] : [], come: act.undo ? [] : [touch], ts, idle: [], units: [] }
}

export function touchesOfPurchases({ gone, come, ts, idle }: PersonPurchases): TouchChange {
  return { gone: gone.map(touchOf), come: come.map(touchOf), ts, idle, units: [...units(gone, -1), ...units(come, 1)] }
}

export function applyChange(touches: Touches, { gone, come }: TouchChange): void {
  for (const touch of gone) touches.remove(touch)
  for (const touch of come) touches.add(touch)
}

const touchOf = ({ product_id, ts, organic }: Purchase): Touch => ({ product_id, type: 'purchase', ts, organic })
const units = (purchases: Purchase[], sign: number) =>
  purchases.map(({ product_id, qty }) => ({ product_id, qty: sign * qty }))
