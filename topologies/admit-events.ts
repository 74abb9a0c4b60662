import { from, type Topology, topology } from '../engine/index.ts'
import type { Stream } from '../engine/topology.ts'
import { type AdmitOptions, admitEvents } from '../processors/admit-events.ts'
import { attributeActs } from '../processors/attribute-acts.ts'
import { cutSessions } from '../processors/cut-sessions.ts'
import type { Control, Merge } from '../schemas/act.ts'
import type { VisitorId } from '../schemas/ids.ts'
import type { Interaction } from '../schemas/interaction.ts'
import { acts, control, identities, interactions, merges, sessionSteps, sessions } from '../schemas/topics.ts'
import { anyOf } from './any-of.ts'
import { eventsBySession } from './between.ts'

export interface AdmitEventsOptions extends AdmitOptions {
  /** Purchases count by events: with `orders`, a purchase event only ends a visit. */
  purchasesCount: boolean
}

/**
 * Which events count, in which visit did they happen, and for whom?
 *
 * Duplicates are told by what a visitor sent, visits and people by the session. Who an act counts for may change when its
 * session turns out to be a user's: `acts` then takes it back and says it again.
 */
export function admitEventsTopology({ purchasesCount, excludedIds }: AdmitEventsOptions): Topology {
  const bySession = topology('admit-events')
    .from(anyOf<VisitorId, Interaction | Control>(interactions))
    .filter(
      'with-product',
      ({ value }) => value !== null && (!('event_type' in value) || value.event_type !== 'impression')
    )
    .merge(from(anyOf<VisitorId, Interaction | Control>(control)).filter('with-control', ({ value }) => value !== null))
    .process(admitEvents({ excludedIds }))
    .map('by-session', ({ value }) => ({ key: (value.session_id ?? value.user_id) as VisitorId, value }))
    .through(eventsBySession)
  const counting = bySession.filter(
    'purchases-if-they-count',
    ({ value }) => purchasesCount || value.event_type !== 'purchase'
  ) as Stream<VisitorId, Interaction | Merge>
  counting
    .merge(from(anyOf<VisitorId, Interaction | Merge>(merges)).filter('with-merge', ({ value }) => value !== null))
    .process(attributeActs())
    .to(acts)
    .to(identities)
  return bySession.process(cutSessions()).to(sessionSteps).to(sessions)
}
