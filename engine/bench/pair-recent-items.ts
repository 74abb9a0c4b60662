import type { ByteReader, ByteWriter } from '../bytes.ts'
import { processor, value } from '../processor.ts'
import type { Rec } from '../record.ts'
import { minutes } from '../time.ts'
import { itemIds, itemNumber, readItem } from './item-numbers.ts'
import type { ItemId, Touch, UserId } from './peer-events.ts'

/** Seen from the item that is the key: it was touched together with `companion`. */
export interface Pair {
  /** Its number (item-numbers.ts). */
  companion: number
  weight: number
  time: number
}

/** What a user touched last, oldest first. */
interface RecentItems {
  /** Numbers. */
  items: number[]
  times: number[]
}

const windowMs = minutes(30)
const itemsMax = 20

const recentItems = {
  version: 1,
  write(out: ByteWriter, { items, times }: RecentItems) {
    out.u8(items.length)
    for (let i = 0; i < items.length; i++) out.i64(times[i]).string(itemIds[items[i]])
  },
  read(input: ByteReader): RecentItems {
    const recent: RecentItems = { items: [], times: [] }
    for (let left = input.u8(); left > 0; left--) {
      recent.times.push(input.i64())
      recent.items.push(readItem(input, input.varint()))
    }
    return recent
  }
}

/** Each item a user touches is paired with those of the half hour before, both ways. */
export const pairRecentItems = processor({
  name: 'pair-recent-items',
  state: { recent: value(recentItems, { equality: 'order' }) },
  process({ value: touch }: Rec<UserId, Touch>, state, emit: (key: ItemId, pair: Pair) => void) {
    const recent = state.recent.get() ?? { items: [], times: [] }
    const { item: id, weight, time } = touch
    const item = itemNumber(id)
    const oldestKept = newest(recent, time) - windowMs
    if (time < oldestKept) return
    forget(recent, oldestKept)
    const at = recent.items.indexOf(item)
    if (at >= 0) {
      remember(recent, item, Math.max(time, recent.times[at]), at)
    } else {
      for (const companion of recent.items) {
        emit(itemIds[companion], { companion: item, weight, time })
        emit(id, { companion, weight, time })
      }
      remember(recent, item, time, recent.items.length < itemsMax ? -1 : 0)
    }
    state.recent.set(recent)
  }
})

function newest({ times }: RecentItems, time: number): number {
  let newest = time
  for (let i = 0; i < times.length; i++) if (times[i] > newest) newest = times[i]
  return newest
}

function forget({ items, times }: RecentItems, oldestKept: number): void {
  let kept = 0
  for (let i = 0; i < items.length; i++) {
    if (times[i] < oldestKept) continue
    items[kept] = items[i]
    times[kept++] = times[i]
  }
  items.length = times.length = kept
}

/** Puts the item last, in exchange for the one at `instead`, if any. */
function remember({ items, times }: RecentItems, item: number, time: number, instead: number): void {
  if (instead >= 0) {
    items.splice(instead, 1)
    times.splice(instead, 1)
  }
  items.push(item)
  times.push(time)
}
