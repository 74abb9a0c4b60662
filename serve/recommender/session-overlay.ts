import type { EventType, Interaction } from '../../schemas/interaction.ts'

/** An accepted event that the views may not show yet. */
export interface OwnEvent {
  readonly product_id: string
  readonly event_type: Exclude<EventType, 'impression'>
  readonly user_id: string | null
  readonly session_id: string | null
  readonly ts: number
  readonly acceptedAt: number
}

export const overlayBounds = {
  keys: 20_000,
  /** Per session or user, the newest. */
  eventsPerKey: 64,
  keptMs: 10 * 60_000
}

/**
 * What visitors did a moment ago, so that it counts in their next answer before it has come back through the log. Kept by
 * session and by user, ten minutes or until the visit's view shows it; a view that shows it as well does no harm, since
 * the same act twice is one.
 *
 * Beyond `keys` visitors the one that has been quiet longest is forgotten: its newest acts count once the views show
 * them. At most about 200 MB if every visitor were as busy as allowed, 10 MB as people are.
 */
export class SessionOverlay {
  private readonly bounds: typeof overlayBounds
  /** Quiet longest first. Oldest event first. */
  private readonly bySession = new Map<string, OwnEvent[]>()
  private readonly byUser = new Map<string, OwnEvent[]>()

  constructor(bounds: Partial<typeof overlayBounds> = {}) {
    this.bounds = { ...overlayBounds, ...bounds }
  }

  /** Call it when the events have been accepted, before the caller is told so. */
  add(events: readonly Interaction[], now: number): void {
    for (const { event_type, product_id, user_id, session_id, ts } of events) {
      if (event_type === 'impression' || product_id === null) continue
      const event: OwnEvent = { product_id, event_type, user_id, session_id, ts, acceptedAt: now }
      const session = session_id ?? user_id
      if (session !== null) this.put(this.bySession, session, event)
      if (user_id !== null) this.put(this.byUser, user_id, event)
    }
    this.forgetOld(this.bySession, now)
    this.forgetOld(this.byUser, now)
  }

  /** Oldest first. `session` as in the view `sessions`: a session's id, else a user's. */
  ofSession(session: string): readonly OwnEvent[] {
    return this.bySession.get(session) ?? none
  }

  ofUser(userId: string): readonly OwnEvent[] {
    return this.byUser.get(userId) ?? none
  }

  /**
   * The view of the visit shows the event at `place`, so it and those before it need not be kept: a visit's acts come back
   * in the order in which they were accepted.
   */
  caughtUp(session: string, place: number): void {
    const events = this.bySession.get(session)
    if (events === undefined) return
    if (place + 1 >= events.length) this.bySession.delete(session)
    else this.bySession.set(session, events.slice(place + 1))
  }

  /** Everything of a person who is to be forgotten, and of a session of theirs. */
  forget(userId: string, sessionId: string = userId): void {
    this.byUser.delete(userId)
    this.bySession.delete(sessionId)
    for (const [session, events] of this.bySession) {
      if (events.some(event => event.user_id === userId)) this.bySession.delete(session)
    }
  }

  get keys(): number {
    return this.bySession.size + this.byUser.size
  }

  private put(map: Map<string, OwnEvent[]>, key: string, event: OwnEvent): void {
    const events = map.get(key) ?? []
    if (events.length >= this.bounds.eventsPerKey) events.shift()
    events.push(event)
    map.delete(key)
    map.set(key, events)
    if (map.size > this.bounds.keys) map.delete(map.keys().next().value as string)
  }

  private forgetOld(map: Map<string, OwnEvent[]>, now: number): void {
    for (const [key, events] of map) {
      if (events[events.length - 1].acceptedAt > now - this.bounds.keptMs) return
      map.delete(key)
    }
  }
}

const none: readonly OwnEvent[] = []
