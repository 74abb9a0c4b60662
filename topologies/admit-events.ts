import { from, type Topology, topology } from '../engine/index.ts'
import type { Stream } from '../engine/topology.ts'
import { type AdmitOptions, type Arrived, admitEvents, type Linked } from '../processors/admit-events.ts'
import { attributeActs } from '../processors/attribute-acts.ts'
import { cutSessions } from '../processors/cut-sessions.ts'
import type { Merge } from '../schemas/act.ts'
import type { Erasure } from '../schemas/erasure.ts'
import type { VisitorId } from '../schemas/ids.ts'
import type { Interaction } from '../schemas/interaction.ts'
import * as topics from '../schemas/topics.ts'
import { anyOf } from './any-of.ts'
import { devicesByUser, erasureSteps, eventsBySession, visitorsToErase } from './between.ts'
import { deviceOf, idsDone, idsFound, sessionOf, visitorsFound } from './visitors.ts'

const { acts, control, erasureRequests, identities, interactions, merges, sessionSteps, sessions } = topics

export interface AdmitEventsOptions extends AdmitOptions {
  /** Purchases count by events: with `orders`, a purchase event only ends a visit. */
  purchasesCount: boolean
}

/**
 * Which events count, in which visit did they happen, and for whom?
 *
 * Duplicates are told by what a visitor sent, visits and people by the session. Who an act counts for may change when its
 * session turns out to be a user's: `acts` then takes it back and says it again. An erasure comes by its user, goes on to
 * the sessions and devices found to be theirs, and takes the way that their events took.
 */
export function admitEventsTopology({ purchasesCount, excludedIds }: AdmitEventsOptions): Topology {
  const merged = from(anyOf<VisitorId, Interaction | Merge | Erasure>(merges)).filter('with-merge', isThere)
  const admitted = topology('admit-events')
    .from(anyOf<VisitorId, Arrived>(interactions))
    .filter(
      'with-product',
      ({ value }) => isThere({ value }) && !('event_type' in value && value.event_type === 'impression')
    )
    .merge(
      from(anyOf<VisitorId, Arrived>(control)).filter('with-control', isThere),
      from(anyOf<VisitorId, Arrived>(erasureRequests)).filter('with-request', isThere),
      from(anyOf<VisitorId, Arrived>(visitorsToErase)),
      merged.map<VisitorId, Linked>('devices', deviceOf).through(devicesByUser) as Stream<VisitorId, Arrived>
    )
    .process(admitEvents({ excludedIds }))
  const bySession = admitted.map('by-session', sessionOf).through(eventsBySession)
  admitted.map('visitors-found', visitorsFound).to(visitorsToErase)
  admitted.map('ids-found', idsFound).merge(bySession.map('ids-done', idsDone)).to(erasureSteps)
  const counting = bySession.filter(
    'purchases-if-they-count',
    ({ value }) => purchasesCount || !('event_type' in value) || value.event_type !== 'purchase'
  )
  ;(counting as Stream<VisitorId, Interaction | Merge | Erasure>)
    .merge(merged)
    .process(attributeActs())
    .to(acts)
    .to(identities)
  return bySession.process(cutSessions()).to(sessionSteps).to(sessions)
}

const isThere = ({ value }: { value: unknown }) => value !== null
