import { codec, hours, minutes, processor, value } from '../engine/index.ts'
import type { Control } from '../schemas/act.ts'
import type { VisitorId } from '../schemas/ids.ts'
import type { Interaction } from '../schemas/interaction.ts'
import { hashOf } from './hash.ts'
import { RecentIds } from './recent-ids.ts'

/** Ids whose traffic counts for nobody else may also be given by the deployment. */
export interface AdmitOptions {
  excludedIds?: ReadonlySet<string>
}

const duplicates = { windowMs: hours(24), idsMax: 1_024 }
const browsing = { windowMs: minutes(10), itemsMax: 120 }

interface Visitor {
  isExcluded: boolean
  seen: RecentIds
  /** Items looked at in the last minutes, oldest first; at most `itemsMax` + 1. */
  browsed: { item: number; ts: number }[]
}

const visitorCodec = codec<Visitor>({
  version: 1,
  memoryFactor: 2,
  write(out, { isExcluded, seen, browsed }) {
    out.u8(isExcluded ? 1 : 0).varint(browsed.length)
    for (const { item, ts } of browsed) out.i32(item).zigzag(ts)
    seen.write(out)
  },
  read(input) {
    const isExcluded = input.u8() === 1
    const browsed = Array.from({ length: input.varint() }, () => ({ item: input.i32(), ts: input.zigzag() }))
    return { isExcluded, browsed, seen: RecentIds.read(input) }
  }
})

const state = { visitor: value(visitorCodec, { equality: 'order' }) }

/**
 * Lets each event through once, and only traffic that may count for others: not marked internal or bot, not excluded,
 * not browsing more than 120 items within 10 minutes (a large order is no browsing).
 */
export function admitEvents({ excludedIds }: AdmitOptions = {}) {
  return processor<VisitorId, Interaction | Control, VisitorId, Interaction, never, typeof state>({
    name: 'admit-events',
    state,
    process({ key, value: event, timestamp }, { visitor, counters }, emit) {
      const known = visitor.get() ?? { isExcluded: false, seen: new RecentIds(), browsed: [] }
      if ('kind' in event) {
        if (event.kind !== 'exclusion') return
        visitor.set({ ...known, isExcluded: event.excluded })
        return
      }
      if (known.seen.seenBefore(event.event_id, timestamp, duplicates)) {
        counters.add('duplicates')
        return
      }
      visitor.set(known)
      const isFast = event.event_type !== 'purchase' && browsesTooFast(known.browsed, event)
      const isMarked = isTrue(event.context.internal) || isTrue(event.context.bot)
      if (isFast || isMarked || known.isExcluded || excludedIds?.has(key) || isExcludedId(excludedIds, event)) {
        counters.add('filtered')
        return
      }
      emit(key, event)
    }
  })
}

function isExcludedId(excludedIds: ReadonlySet<string> | undefined, { user_id, session_id }: Interaction): boolean {
  return excludedIds !== undefined && (excludedIds.has(user_id ?? '') || excludedIds.has(session_id ?? ''))
}

const isTrue = (flag: unknown) => flag === true || flag === 'true'

function browsesTooFast(browsed: Visitor['browsed'], { product_id, ts }: Interaction): boolean {
  const item = hashOf(product_id ?? '')
  const at = browsed.findIndex(one => one.item === item)
  if (at >= 0) browsed.splice(at, 1)
  browsed.push({ item, ts })
  while (browsed.length > 0 && browsed[0].ts < ts - browsing.windowMs) browsed.shift()
  if (browsed.length <= browsing.itemsMax) return false
  browsed.splice(0, browsed.length - browsing.itemsMax - 1)
  return true
}
