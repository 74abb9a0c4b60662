import { codec, days, minutes, processor, value } from '../engine/index.ts'
import type { ItemId, PersonId } from '../schemas/ids.ts'
import { hashOf } from './hash.ts'
import { applyChange, type TouchChange, told } from './person-day.ts'
import { dayMs, dayOf } from './touch.ts'
import { Touches } from './touches.ts'

const windowMs = minutes(30)
const itemsMax = 20
const touchesMax = 2_048
const purchase = 3

/** What one person's day changes for an item: lists, never one record per pair. */
export interface ItemPairs {
  /** Start of the day. */
  day: number
  /** A small hash of who it was. */
  person: number
  /** The person has touched the item on that day: 1 = now too, −1 = not after all. */
  weight: number
  together: { more: string[]; less: string[] }
  /** What was bought after the item was looked at. */
  bought: { more: string[]; less: string[] }
}

const touchesCodec = codec<Touches>({
  version: 1,
  memoryFactor: 2,
  write: (out, touches) => touches.write(out),
  read: Touches.read
})
const state = { touches: value(touchesCodec, { ttlMs: days(730) }) }

/**
 * Pairs each item a person touches with the last 20 others of the 30 minutes before. A pair counts once per person and
 * day, whatever the order in which the touches arrive.
 */
export function pairSittings() {
  return processor<PersonId, TouchChange, ItemId, ItemPairs, never, typeof state>({
    name: 'pair-sittings',
    graceMs: days(730),
    state,
    process({ key, value }, { touches }, emit) {
      const known = (touches.get() ?? new Touches()).rebased()
      const change = told(value, known)
      known.bringBack(change.gone)
      const starts = daysOf(change)
      const before = starts.map(start => pairsOf(known, start))
      applyChange(known, change)
      for (const [i, start] of starts.entries()) {
        const after = pairsOf(known, start)
        for (const [item, record] of recordsOf(known, before[i], after)) {
          emit(known.numbers.ids[item] as ItemId, { day: start, person: hashOf(key), ...record }, start)
        }
      }
      for (const { product_id, ts } of change.idle) emit(product_id as ItemId, heardOf(dayOf(ts) * dayMs), ts)
      known.cut(touchesMax)
      if (known.length > 0) touches.set(known)
      else touches.delete()
    }
  })
}

/** An item of a basket that does not count moves the item's day on as one that counts would. */
function heardOf(day: number): ItemPairs {
  return { day, person: 0, weight: 0, together: { more: [], less: [] }, bought: { more: [], less: [] } }
}

/** A change reaches as far as the window does: maybe into the next day. */
function daysOf({ gone, come }: TouchChange): number[] {
  const starts = new Set<number>()
  for (const { ts } of [...gone, ...come]) starts.add(dayOf(ts) * dayMs).add(dayOf(ts + windowMs) * dayMs)
  return [...starts].sort((a, b) => a - b)
}

/**
 * What a day holds, as numbers: a pair of two items; an item that was touched, as a pair with itself; and, negative, an
 * item looked at before another was bought.
 */
type Pairs = Set<number>
const span = 1 << 26

function pairsOf(touches: Touches, start: number): Pairs {
  const pairs: Pairs = new Set()
  const { items, times } = touches
  const others: number[] = []
  for (let i = touches.from(start); i < touches.length && times[i] < start + dayMs; i++) {
    const item = items[i]
    const isPurchase = touches.typeAt(i) === purchase
    pairs.add(item * span + item)
    others.length = 0
    for (let j = i - 1; j >= 0 && times[j] >= times[i] - windowMs; j--) {
      const other = items[j]
      if (other === item) continue
      if (!others.includes(other)) {
        if (others.length === itemsMax) break
        others.push(other)
        pairs.add(other < item ? other * span + item : item * span + other)
      }
      if (isPurchase && touches.typeAt(j) !== purchase) pairs.add(-(other * span + item))
    }
  }
  return pairs
}

type Record = Omit<ItemPairs, 'day' | 'person'>

function recordsOf({ numbers: { ids } }: Touches, before: Pairs, after: Pairs): Map<number, Record> {
  const records = new Map<number, Record>()
  const of = (item: number) => {
    let record = records.get(item)
    if (!record) {
      record = { weight: 0, together: { more: [], less: [] }, bought: { more: [], less: [] } }
      records.set(item, record)
    }
    return record
  }
  const tell = (pair: number, list: 'more' | 'less') => {
    const first = Math.floor(Math.abs(pair) / span)
    const second = Math.abs(pair) - first * span
    if (pair < 0) of(first).bought[list].push(ids[second])
    else if (first === second) of(first).weight += list === 'more' ? 1 : -1
    else {
      of(first).together[list].push(ids[second])
      of(second).together[list].push(ids[first])
    }
  }
  for (const pair of after) if (!before.has(pair)) tell(pair, 'more')
  for (const pair of before) if (!after.has(pair)) tell(pair, 'less')
  return records
}
