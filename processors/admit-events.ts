import { hours, minutes, numberCodec, processor, table, value } from '../engine/index.ts'
import type { Control } from '../schemas/act.ts'
import type { Erasure } from '../schemas/erasure.ts'
import type { VisitorId } from '../schemas/ids.ts'
import type { Interaction } from '../schemas/interaction.ts'
import { hashOf } from './hash.ts'
import { link, takeUntold } from './linked-ids.ts'
import { forgotten, isErased, nobody, type Visitor, visitorCodec } from './visitor.ts'

/** Ids whose traffic counts for nobody else may also be given by the deployment. */
export interface AdmitOptions {
  excludedIds?: ReadonlySet<string>
}

const duplicates = { windowMs: hours(24), idsMax: 1_024 }
const browsing = { windowMs: minutes(10), itemsMax: 120 }

/** A session that a user acts in, or a device whose history is theirs. Key of the record: the user. */
export interface Linked {
  linked: string
  /** Since when. */
  ts: number
}

/** Somebody is to be forgotten under another id too. Key of the record: that id. */
interface FoundToErase {
  alsoErase: Erasure
}

const state = {
  visitor: value(visitorCodec, { equality: 'order' }),
  /** Sessions and devices of a user, and since when they are theirs. */
  linked: table(numberCodec, { layout: 'rows', equality: 'order' })
}

export type Arrived = Interaction | Control | Linked | Erasure
export type Admitted = Interaction | Erasure | FoundToErase

/**
 * Lets each event through once, and only traffic that may count for others: not marked internal or bot, not excluded,
 * not browsing more than 120 items within 10 minutes (a large order is no browsing); and nothing of who is erased, which
 * goes on to all that is known to be theirs, and to what turns out to have been when something of before comes late.
 */
export function admitEvents({ excludedIds }: AdmitOptions = {}) {
  return processor<VisitorId, Arrived, VisitorId, Admitted, never, typeof state>({
    name: 'admit-events',
    state,
    process({ key, value: event, timestamp }, { visitor, linked, counters }, emit) {
      const known = visitor.get() ?? nobody()
      if ('kind' in event) {
        if (event.kind === 'exclusion') visitor.set({ ...known, isExcluded: event.excluded })
        return
      }
      const alsoErase = (ids: readonly string[], { erasure_id, requested_at, until }: Omit<Erasure, 'user_id'>) => {
        for (const id of ids) emit(id as VisitorId, { alsoErase: { erasure_id, user_id: key, requested_at, until } })
      }
      if ('erasure_id' in event) {
        const now = forgotten(known, event)
        alsoErase(takeUntold(linked, now.erased, event.until), event)
        visitor.set(now)
        emit(key, event)
        return
      }
      const found = idFound(event)
      const erased = found !== null && link(linked, known, found, event.ts)
      if (erased) {
        visitor.set(known)
        alsoErase([found], erased)
      }
      if ('linked' in event) return
      if (isErased(known.erased, event.ts)) {
        counters.add('filtered')
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

/** A session or device that is the user's. */
function idFound(event: Interaction | Linked): string | null {
  if ('linked' in event) return event.linked
  return event.user_id === null ? null : event.session_id
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
