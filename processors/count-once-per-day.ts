import { codec, days, processor, value } from '../engine/index.ts'
import type { ItemId, PersonId } from '../schemas/ids.ts'
import { applyChange, type TouchChange, told } from './person-day.ts'
import { timesBought } from './times-bought.ts'
import { dayMs, dayOf } from './touch.ts'
import { Touches } from './touches.ts'

/** Worth of a person's day with an item: that of their strongest act. By type: view, click, add_to_cart, purchase. */
const worth = [1, 1, 2, 3]
const touchesMax = 2_048

/** `worth` counted at `ts`; negative where it is taken back. */
export interface Contribution {
  worth: number
  ts: number
}

/** What a person's acts change for one item. */
export interface ItemCounts {
  /** First and last time that the item is heard of here, whether or not it counts. */
  from: number
  to: number
  /** Acts more or fewer, by type as in `touchTypes`. */
  acts: [number, number, number, number]
  units: number
  /** People more or fewer who bought it, and who bought it on a second day. */
  buyers: number
  rebuyers: number
  popularity: Contribution[]
  organic: Contribution[]
}

const touchesCodec = codec<Touches>({
  version: 1,
  memoryFactor: 2,
  write: (out, touches) => touches.write(out),
  read: Touches.read
})
const state = { touches: value(touchesCodec, { ttlMs: days(730) }) }

/** A person counts once per item and day: with their strongest act, at the time of its last occurrence. */
export function countOncePerDay() {
  return processor<PersonId, TouchChange, ItemId, ItemCounts, never, typeof state>({
    name: 'count-once-per-day',
    graceMs: days(730),
    state,
    process({ value }, { touches }, emit) {
      const known = (touches.get() ?? new Touches()).rebased()
      const change = told(value, known)
      known.bringBack(change.gone)
      const days = personDays(change)
      const before = days.map(day => bestOf(known, day))
      const items = boughtIn(known, change)
      const boughtBefore = timesBought(known, items)
      applyChange(known, change)
      const counts = new Map<string, ItemCounts>()
      for (const [i, day] of days.entries()) {
        const count = countsOf(counts, day.id)
        const after = bestOf(known, day)
        move(count.popularity, before[i].all, after.all)
        move(count.organic, before[i].organic, after.organic)
      }
      for (const touch of change.gone) hear(countsOf(counts, touch.product_id), touch.ts).acts[typeIndex[touch.type]]--
      for (const touch of change.come) hear(countsOf(counts, touch.product_id), touch.ts).acts[typeIndex[touch.type]]++
      for (const { product_id, qty } of change.units) countsOf(counts, product_id).units += qty
      for (const { product_id, ts } of change.idle) hear(countsOf(counts, product_id), ts)
      const boughtAfter = timesBought(known, items)
      for (const item of items) {
        countBuyer(countsOf(counts, known.numbers.ids[item]), boughtBefore.get(item) ?? 0, boughtAfter.get(item) ?? 0)
      }
      known.cut(touchesMax)
      if (known.length > 0) touches.set(known)
      else touches.delete()
      for (const [id, count] of counts) emit(id as ItemId, count, count.to)
    }
  })
}

const typeIndex = { view: 0, click: 1, add_to_cart: 2, purchase: 3 } as const

interface ItemDay {
  id: string
  start: number
}

function personDays({ gone, come }: TouchChange): ItemDay[] {
  const days = new Map<string, ItemDay>()
  for (const { product_id, ts } of [...gone, ...come]) {
    const start = dayOf(ts) * dayMs
    days.set(`${start} ${product_id}`, { id: product_id, start })
  }
  return [...days.values()]
}

function bestOf(touches: Touches, { id, start }: ItemDay) {
  const item = touches.numbers.numberOf(id)
  let all: Contribution | null = null
  let organic: Contribution | null = null
  for (let i = touches.from(start); i < touches.length && touches.times[i] < start + dayMs; i++) {
    if (touches.items[i] !== item) continue
    const one = { worth: worth[touches.typeAt(i)], ts: touches.times[i] }
    if (!all || one.worth >= all.worth) all = one
    if (touches.isOrganicAt(i) && (!organic || one.worth >= organic.worth)) organic = one
  }
  return { all, organic }
}

function move(contributions: Contribution[], before: Contribution | null, after: Contribution | null): void {
  if (before?.worth === after?.worth && before?.ts === after?.ts) return
  if (before) contributions.push({ worth: -before.worth, ts: before.ts })
  if (after) contributions.push(after)
}

function boughtIn({ numbers }: Touches, { gone, come }: TouchChange): Set<number> {
  const items = new Set<number>()
  for (const touches of [gone, come]) {
    for (const { type, product_id } of touches) if (type === 'purchase') items.add(numbers.numberOf(product_id))
  }
  return items
}

function countBuyer(count: ItemCounts, before: number, after: number): void {
  count.buyers += Math.sign(after) - Math.sign(before)
  count.rebuyers += Number(after > 1) - Number(before > 1)
}

function countsOf(counts: Map<string, ItemCounts>, id: string): ItemCounts {
  let count = counts.get(id)
  if (!count) {
    const never = { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY }
    count = { ...never, acts: [0, 0, 0, 0], units: 0, buyers: 0, rebuyers: 0, popularity: [], organic: [] }
    counts.set(id, count)
  }
  return count
}

function hear(count: ItemCounts, ts: number): ItemCounts {
  count.from = Math.min(count.from, ts)
  count.to = Math.max(count.to, ts)
  return count
}
