import { jsonCodec, processor, value } from '../engine/index.ts'
import type { Act, Merge } from '../schemas/act.ts'
import type { Erasure } from '../schemas/erasure.ts'
import type { PersonId, VisitorId } from '../schemas/ids.ts'
import type { Interaction } from '../schemas/interaction.ts'
import type { Identity } from '../schemas/views.ts'
import { contextAmount, contextId } from './context-fields.ts'
import { link, ownerOf, type Run } from './user-runs.ts'

const anonymousMax = 1_000

interface Links {
  /** In order of `from`. */
  runs: Run[]
  /** Who each anonymous act counts for now: a user, or null for the session; newest last. */
  anonymous: { act: Act; owner: string | null }[]
  merge: Merge | null
  /** Merges come by a topic of their own: one of up to then says nothing any more. */
  erasedUntil?: number
}

const state = { links: value(jsonCodec<Links>()) }

/**
 * Says who an event counts for. An event with both ids links them: the anonymous events of the session in the 30 days
 * before, and until 30 minutes after, count for that user, once. In whatever order events arrive, the end is the same.
 *
 * An erasure takes out what is the user's here, the id's own, and what is nobody's; a tombstone for each, behind all their acts, tells
 * whoever reads these.
 */
export function attributeActs() {
  return processor<VisitorId, Interaction | Merge | Erasure, PersonId, Act | null, Identity, typeof state>({
    name: 'attribute-acts',
    state,
    process({ key, value: event }, { links }, emit) {
      if ('erasure_id' in event) {
        links.set(without(links.get() ?? nothing(), key, event))
        for (const person of new Set([key, event.user_id])) emit(person as PersonId, null, event.until)
        return
      }
      const tell: Tell = (act, undo) => emit(act.person as PersonId, { ...act, undo }, act.ts)
      if ('event_id' in event && event.session_id === null) {
        // No session, nothing to link.
        const act = actOf(event)
        if (act) tell(act, false)
        return
      }
      const known = links.get() ?? nothing()
      if (!('event_id' in event)) {
        merge(known, event)
      } else if (event.user_id === null) {
        attribute(known, actOf(event), tell)
      } else {
        const act = actOf(event)
        if (act) tell(act, false)
        link(known.runs, event.user_id, event.ts)
        reattribute(known, tell)
      }
      links.set(known)
    },
    view(_, { links }) {
      const known = links.get()
      if (known?.merge) return { user_id: known.merge.user_id, since: known.merge.ts }
      const run = known?.runs.reduce<Run | undefined>((last, one) => (last && last.to > one.to ? last : one), undefined)
      return run ? { user_id: run.user_id, since: run.from } : null
    }
  })
}

const nothing = (): Links => ({ runs: [], anonymous: [], merge: null })

function without({ runs, anonymous, merge, erasedUntil }: Links, key: string, { user_id, until }: Erasure): Links {
  const isTheirs = (id: string) => id === user_id || id === key
  return {
    runs: runs.filter(run => !isTheirs(run.user_id) || run.from > until),
    anonymous: anonymous.filter(({ act, owner }) => act.ts > until || (owner !== null && !isTheirs(owner))),
    merge: merge && merge.user_id === user_id && merge.ts <= until ? null : merge,
    erasedUntil: Math.max(until, erasedUntil ?? until)
  }
}

/** The newest one says whose it is. */
function merge(links: Links, merge: Merge): void {
  const isForgotten = links.erasedUntil !== undefined && merge.ts <= links.erasedUntil
  const isOlder = links.merge !== null && merge.ts < links.merge.ts
  if (!isForgotten && !isOlder) links.merge = merge
}

type Tell = (act: Act, undo: boolean) => void

function attribute(links: Links, act: Act | null, tell: Tell): void {
  if (!act) return
  const owner = ownerOf(links.runs, act.ts)
  remember(links, act, owner)
  tell(owned(act, owner), false)
}

/** Takes back what now belongs to somebody else, and says it again. */
function reattribute({ runs, anonymous }: Links, tell: Tell): void {
  for (const entry of anonymous) {
    const owner = ownerOf(runs, entry.act.ts)
    if (owner === entry.owner) continue
    tell(owned(entry.act, entry.owner), true)
    tell(owned(entry.act, owner), false)
    entry.owner = owner
  }
}

function actOf(event: Interaction): Act | null {
  const { product_id, user_id, session_id, event_type, ts, context } = event
  if (product_id === null || event_type === 'impression' || event_type === 'remove_from_cart') return null
  return {
    person: user_id ?? session_id ?? '',
    user_id,
    product_id,
    event_type,
    ts,
    order_id: contextId(context.order_id),
    recommendation_id: contextId(context.recommendation_id),
    price: contextAmount(context.price),
    qty: contextAmount(context.qty) ?? 1,
    undo: false
  }
}

const owned = (act: Act, owner: string | null): Act =>
  owner === null ? act : { ...act, person: owner, user_id: owner }

function remember({ anonymous }: Links, act: Act, owner: string | null): void {
  const later = anonymous.findIndex(one => isAfter(one.act, act))
  anonymous.splice(later < 0 ? anonymous.length : later, 0, { act, owner })
  if (anonymous.length > anonymousMax) anonymous.shift()
}

function isAfter(one: Act, other: Act): boolean {
  return one.ts === other.ts ? one.product_id > other.product_id : one.ts > other.ts
}
