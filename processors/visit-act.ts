import { minutes } from '../engine/index.ts'
import type { Interaction } from '../schemas/interaction.ts'
import type { SessionStep } from '../schemas/session-step.ts'
import type { SessionView } from '../schemas/views.ts'
import { contextId } from './context-fields.ts'
import { type TouchType, touchTypes } from './touch.ts'

const actMs = minutes(30)
const listMax = 50

/** One visit: what was done in it, and what is in the cart. */
export interface Cut {
  session: string
  user_id: string | null
  started: number
  last: number
  /** Steps so far. */
  steps: number
  /** The act that goes on: its item, the types seen in it (bits) and its step. */
  act: { step: SessionStep; types: number } | null
  items: SessionView['items']
  cart: string[]
  dismissed: string[]
}

/** Adds an event to its visit and returns the step that it is, or revises. */
export function addAct(cut: Cut, key: string, event: Interaction): SessionStep | null {
  const { product_id, event_type } = event
  if (product_id === null) return null
  if (event_type === 'add_to_cart') keep(cut.cart, product_id)
  if (event_type === 'remove_from_cart' || event_type === 'purchase') drop(cut.cart, product_id)
  if (event_type === 'dismiss') keep(cut.dismissed, product_id)
  const strength = touchTypes.indexOf(event_type as TouchType)
  if (strength < 0) return null
  const going = cut.act
  const isSameAct =
    going?.step.product_id === product_id &&
    Math.abs(event.ts - going.step.ts) <= actMs &&
    (going.types & (1 << strength)) === 0
  return isSameAct ? goOn(cut, going, strength) : begin(cut, key, event, strength)
}

/** Who signs in has the whole visit: where no step has said so, the newest one is told again with its user. */
export function signIn(cut: Cut): SessionStep | null {
  const { act, user_id } = cut
  if (act === null || act.step.user_id === user_id) return null
  act.step = { ...act.step, user_id }
  return act.step
}

/** Another type of event on the same item is the same act: a stronger one revises the step. */
function goOn(cut: Cut, going: { step: SessionStep; types: number }, strength: number): SessionStep | null {
  const strongest = touchTypes.indexOf(going.step.event_type)
  going.types |= 1 << strength
  if (strength < strongest) return null
  const event_type = touchTypes[strength]
  const shown = cut.items.findLast(item => item.product_id === going.step.product_id && item.ts === going.step.ts)
  if (shown) shown.event_type = event_type
  going.step = { ...going.step, event_type, user_id: cut.user_id }
  return going.step
}

function begin(cut: Cut, key: string, event: Interaction, strength: number): SessionStep {
  const { ts, context } = event
  const event_type = touchTypes[strength]
  const product_id = event.product_id as string
  const step: SessionStep = {
    session: cut.session,
    session_id: key,
    user_id: cut.user_id,
    product_id,
    event_type,
    ts,
    position: cut.steps++,
    order_id: contextId(context.order_id),
    recommendation_id: contextId(context.recommendation_id)
  }
  cut.act = { step, types: 1 << strength }
  const later = cut.items.findIndex(item => item.ts > ts)
  cut.items.splice(later < 0 ? cut.items.length : later, 0, { product_id, event_type, ts })
  if (cut.items.length > listMax) cut.items.shift()
  return step
}

function keep(list: string[], id: string): void {
  drop(list, id)
  list.push(id)
  if (list.length > listMax) list.shift()
}

function drop(list: string[], id: string): void {
  const at = list.indexOf(id)
  if (at >= 0) list.splice(at, 1)
}
