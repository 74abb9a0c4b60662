import { MillraceError } from '../../engine/errors.ts'
import { limits, type Rejection } from '../../schemas/http.ts'
import type { Interaction } from '../../schemas/interaction.ts'
import type { ProblemCode } from '../../schemas/problems.ts'
import { checkEventTime, interactionFrom } from '../../schemas/rows.ts'
import { Problem } from './problem.ts'

interface EventRules {
  now: number
  maxAgeMs: number
  /** Throws where the caller may not send this event. */
  check: (event: Interaction) => void
}

/** One event or `{"events": […]}`. Bad ones are told apart; throws only when there is none that is good. */
export function eventsFrom(value: unknown, rules: EventRules): { events: Interaction[]; rejected: Rejection[] } {
  const batch = batchOf(value)
  const list = batch ?? [withoutToken(value)]
  const events: Interaction[] = []
  const rejected: Rejection[] = []
  for (let index = 0; index < list.length; index++) {
    try {
      events.push(eventFrom(list[index], rules))
    } catch (error) {
      rejected.push(rejection(index, error))
    }
  }
  if (events.length === 0 && rejected.length > 0) throw allRejected(rejected, batch === null)
  return { events, rejected }
}

export function eventFrom(json: unknown, rules: EventRules): Interaction {
  const event = interactionFrom(json, rules.now)
  checkEventTime(event.ts, rules.now, rules.maxAgeMs)
  rules.check(event)
  return event
}

/** What is wrong with one of many; defects of ours are not for this list. */
export function rejection(index: number, error: unknown): Rejection {
  if (!(error instanceof MillraceError) || error.remedy !== 'skip') throw error
  return { index, code: error.code, detail: error.message }
}

/** All bad for one reason: that reason; else the list has them. */
export function allRejected(rejected: Rejection[], isSingle: boolean): Problem {
  const { code, detail } = rejected[0]
  const isSame = rejected.every(one => one.code === code)
  if (isSingle || (isSame && code === 'forbidden_id')) return new Problem(code as ProblemCode, detail, { rejected })
  return new Problem('all_rejected', `None of the ${rejected.length} can be accepted; the first: ${detail}`, {
    rejected
  })
}

function batchOf(value: unknown): unknown[] | null {
  if (Array.isArray(value)) {
    throw new Problem('not_an_object', 'Send one event, or {"events": […]}; not a bare list.', { pointer: '' })
  }
  if (typeof value !== 'object' || value === null || !('events' in value)) return null
  const { events, ...more } = value
  if (!Array.isArray(events)) throw new Problem('invalid_field', '/events must be a list.', { pointer: '/events' })
  const unknown = Object.keys(more).find(name => name !== 'access_token')
  if (unknown !== undefined) {
    const pointer = `/${unknown.slice(0, 100)}`
    throw new Problem('unknown_field', `${pointer} stands beside /events; put it into the events.`, { pointer })
  }
  if (events.length > limits.eventsPerRequest) {
    throw new Problem('too_many_events', `Send at most ${limits.eventsPerRequest} events, there are ${events.length}.`)
  }
  return events
}

/** The token is not part of what happened and must not be kept. */
function withoutToken(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('access_token' in value)) return value
  const { access_token: _, ...event } = value
  return event
}
