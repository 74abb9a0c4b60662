import { dayMs, touchTypes } from './touch.ts'
import type { Touches } from './touches.ts'

const purchase = touchTypes.indexOf('purchase')

/** On how many days (UTC) a person bought each of the items, counted up to 2; by the item's number in `touches`. */
export function timesBought(touches: Touches, items: ReadonlySet<number>): Map<number, 1 | 2> {
  const times = new Map<number, 1 | 2>()
  if (items.size === 0) return times
  const firstDays = new Map<number, number>()
  for (let i = 0; i < touches.length; i++) {
    const item = touches.items[i]
    if (touches.typeAt(i) !== purchase || !items.has(item)) continue
    const day = Math.floor(touches.times[i] / dayMs)
    const first = firstDays.get(item)
    if (first === undefined) {
      firstDays.set(item, day)
      times.set(item, 1)
    } else if (first !== day) times.set(item, 2)
  }
  return times
}
