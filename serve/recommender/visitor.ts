import type { Profile } from '../../recommend/visit.ts'
import type { SessionView } from '../../schemas/views.ts'
import type { ViewSet } from '../views/view-set.ts'
import type { OwnEvent, SessionOverlay } from './session-overlay.ts'

/** Of what a caller says about who asks. */
export interface Asker {
  user_id?: string
  session_id?: string
  /** Oldest first, from callers that keep sessions themselves: then no session is read. */
  session?: string[]
  personalize: boolean
}

/** Who asks, as far as it may be known. */
export interface Visitor {
  /** null: not known, or not to be profiled. */
  profile: Profile | null
  /** Whose profile it is. */
  person: string | null
  session: SessionView | null
  /** Own acts that `session` may not show yet; oldest first. */
  own: readonly OwnEvent[]
}

/** A session is over after so long without an act. */
export const sessionMs = 30 * 60_000

export interface VisitorOptions {
  views: ViewSet
  overlay: SessionOverlay
  /** Consent of those of whom nothing is known. */
  consentDefault: boolean
}

const nobody: Visitor = { profile: null, person: null, session: null, own: [] }

/**
 * Consent decides what is read: with it, the person's profile and their last visit; without it, only what this visit has
 * seen, as long as it is live. Nothing at all with `personalize: false`.
 */
export function readVisitor(options: VisitorOptions, asker: Asker, now: number): Visitor {
  if (!asker.personalize) return nobody
  const { views, overlay } = options
  const { user_id, session_id } = asker
  const sessionKey = session_id ?? user_id
  if (sessionKey === undefined) return nobody
  const stored = views.sessions.get(sessionKey)
  const userId = userOf(views, asker, stored)
  const isTheirs =
    stored !== null && (stored.user_id === null || stored.user_id === userId || stored.user_id === user_id)
  const profile = views.users.get(userId ?? sessionKey)
  const mayProfile = profile?.consent ?? options.consentDefault
  if (stored !== null) dropShown(overlay, sessionKey, stored)
  const isLive = isTheirs && now - stored.last <= sessionMs
  return {
    profile: mayProfile ? profile : null,
    person: mayProfile && profile !== null ? (userId ?? sessionKey) : null,
    session: asker.session === undefined && isTheirs && (mayProfile || isLive) ? stored : null,
    own: asker.session === undefined ? ownEvents(overlay, asker, { userId, mayProfile }) : []
  }
}

/** Devices and sessions that are known to be a user's stand for that user. */
function userOf(views: ViewSet, { user_id, session_id }: Asker, session: SessionView | null): string | null {
  if (user_id !== undefined) return views.identities.get(user_id)?.user_id ?? user_id
  return views.identities.get(session_id as string)?.user_id ?? session?.user_id ?? null
}

function dropShown(overlay: SessionOverlay, sessionKey: string, { items }: SessionView): void {
  const events = overlay.ofSession(sessionKey)
  for (let place = events.length - 1; place >= 0; place--) {
    const { product_id, ts } = events[place]
    if (!items.some(item => item.ts === ts && item.product_id === product_id)) continue
    overlay.caughtUp(sessionKey, place)
    return
  }
}

/** Without a session id, a user's acts of any session count, if they may be brought together. */
function ownEvents(
  overlay: SessionOverlay,
  { user_id, session_id }: Asker,
  { userId, mayProfile }: { userId: string | null; mayProfile: boolean }
): readonly OwnEvent[] {
  if (session_id === undefined) {
    const id = user_id as string
    return mayProfile ? overlay.ofUser(id) : overlay.ofSession(id)
  }
  const events = overlay.ofSession(session_id)
  const isForeign = (event: OwnEvent) => event.user_id !== null && userId !== null && event.user_id !== userId
  return events.some(isForeign) ? events.filter(event => !isForeign(event) || event.user_id === user_id) : events
}
