import type { ByteReader, ByteWriter } from '../bytes.ts'
import { processor, value } from '../processor.ts'
import type { Rec } from '../record.ts'
import { minutes } from '../time.ts'
import type { ItemId, Touch, UserId } from './peer-events.ts'

/** Seen from the item that is the key: it was touched together with `companion`. */
export interface Pair {
  companion: ItemId
  weight: number
  time: number
}

/** What a user touched last, oldest first. */
interface RecentItems {
  items: ItemId[]
  times: number[]
}

const windowMs = minutes(30)
const itemsMax = 20

const recentItems = {
  version: 1,
  write(out: ByteWriter, { items, times }: RecentItems) {
    out.u8(items.length)
    for (let i = 0; i < items.length; i++) out.i64(times[i]).string(items[i])
  },
  read(input: ByteReader): RecentItems {
    const recent: RecentItems = { items: [], times: [] }
    for (let left = input.u8(); left > 0; left--) {
      recent.times.push(input.i64())
      recent.items.push(input.string() as ItemId)
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
    const { item, weight, time } = touch
    const oldestKept = Math.max(time, ...recent.times) - windowMs
    if (time < oldestKept) return
    forget(recent, oldestKept)
    const at = recent.items.indexOf(item)
    if (at >= 0) {
      remember(recent, item, Math.max(time, recent.times[at]), at)
    } else {
      for (const companion of recent.items) {
        emit(companion, { companion: item, weight, time })
        emit(item, { companion, weight, time })
      }
      remember(recent, item, time, recent.items.length < itemsMax ? -1 : 0)
    }
    state.recent.set(recent)
  }
})

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
function remember({ items, times }: RecentItems, item: ItemId, time: number, instead: number): void {
  if (instead >= 0) {
    items.splice(instead, 1)
    times.splice(instead, 1)
  }
  items.push(item)
  times.push(time)
}
