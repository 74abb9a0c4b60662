import { days, jsonCodec, minutes, numberCodec, processor, value } from '../engine/index.ts'
import type { Erasure } from '../schemas/erasure.ts'
import type { SessionId, VisitorId } from '../schemas/ids.ts'
import type { Interaction } from '../schemas/interaction.ts'
import { type SessionErasure, type SessionStep, sessionErasure } from '../schemas/session-step.ts'
import type { SessionView } from '../schemas/views.ts'
import { addAct, type Cut, signIn } from './visit-act.ts'

const gapMs = minutes(30)
const ttlMs = days(30)
const cutsMax = 8

const state = {
  /** The newest cuts of one session id, newest last. */
  cuts: value(jsonCodec<Cut[]>(), { ttlMs, equality: 'order' }),
  /** Behind the moments that erased visits may be named after: who finds them by name must find no other. */
  erasedNames: value(numberCodec, { ttlMs, equality: 'order' })
}

/**
 * Cuts the visits under one session id after 30 minutes of inactivity or when another user acts in it, and tells the
 * steps of each. A late event joins the visit that it belongs to by its time. An erasure ends visits that are the user's,
 * the id's own (a merged device) or nobody's, and goes on to whoever remembers their steps.
 */
export function cutSessions() {
  return processor<
    VisitorId,
    Interaction | Erasure,
    SessionId,
    SessionStep | SessionErasure,
    SessionView,
    typeof state
  >({
    name: 'cut-sessions',
    graceMs: days(730),
    state,
    process({ key, value: event }, { cuts, erasedNames }, emit) {
      const known = cuts.get() ?? []
      if ('erasure_id' in event) {
        const { user_id, erasure_id, until } = event
        const isTheirs = (cut: Cut) => cut.user_id === null || cut.user_id === user_id || cut.user_id === key
        const left = known.filter(cut => cut.started > until || !isTheirs(cut))
        if (left.length > 0) cuts.set(left)
        else cuts.delete()
        erasedNames.set(Math.max(until, erasedNames.get() ?? until, ...known.map(momentNamed)))
        emit(key as string as SessionId, sessionErasure(key, user_id, erasure_id, until), until)
        return
      }
      const cut = cutOf(known, event) ?? open(known, erasedNames.get(), key, event)
      cut.user_id ??= event.user_id
      cut.started = Math.min(cut.started, event.ts)
      cut.last = Math.max(cut.last, event.ts)
      const step = addAct(cut, key, event) ?? signIn(cut)
      forgetBehind(known)
      cuts.set(known)
      if (step) emit(cut.session as SessionId, step)
    },
    view(_, { cuts }) {
      const known = cuts.get()
      if (!known) return null
      const { session, user_id, started, last, items, cart, dismissed } = newestOf(known)
      return { session, user_id, started, last, items, cart, dismissed }
    }
  })
}

const momentNamed = ({ session }: Cut) => Number.parseInt(session.slice(session.lastIndexOf('#') + 1), 36)

const newestOf = (cuts: readonly Cut[]) => cuts.reduce((newest, cut) => (cut.last >= newest.last ? cut : newest))

/** Only the newest visit is shown: of the others, what they hold is of no use any more. */
function forgetBehind(cuts: readonly Cut[]): void {
  const newest = newestOf(cuts)
  for (const cut of cuts) if (cut !== newest && cut.items.length > 0) cut.items = []
}

function cutOf(cuts: readonly Cut[], { ts, user_id }: Interaction): Cut | undefined {
  return cuts.findLast(
    cut =>
      ts >= cut.started - gapMs &&
      ts <= cut.last + gapMs &&
      (user_id === null || cut.user_id === null || user_id === cut.user_id)
  )
}

/** A session is named after the moment it opened with; were that taken, or may it have been, after the next free one. */
function open(cuts: Cut[], erased: number | undefined, key: string, { ts, user_id }: Interaction): Cut {
  let at = erased === undefined || ts > erased ? ts : erased + 1
  const nameOf = () => `${key}#${at.toString(36)}`
  while (cuts.some(({ session }) => session === nameOf())) at++
  const cut: Cut = {
    session: nameOf(),
    user_id,
    started: ts,
    last: ts,
    steps: 0,
    act: null,
    items: [],
    ...leftIn(cuts, user_id)
  }
  cuts.push(cut)
  if (cuts.length > cutsMax) cuts.shift()
  return cut
}

/** What is in the cart stays there when the visitor comes back, and so does what they hid; not for another user. */
function leftIn(cuts: readonly Cut[], user_id: string | null): Pick<Cut, 'cart' | 'dismissed'> {
  const before = cuts.length > 0 ? newestOf(cuts) : undefined
  const isSame = before && (before.user_id === null || user_id === null || before.user_id === user_id)
  return isSame ? { cart: [...before.cart], dismissed: [...before.dismissed] } : { cart: [], dismissed: [] }
}
