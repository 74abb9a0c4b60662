import type { Id } from '../record.ts'
import { type Topic, topic } from '../topic.ts'

export type UserId = Id<'user'>
export type ItemId = Id<'item'>

/** Somebody looked at an item, or did more. */
export interface Touch {
  item: ItemId
  /** 0 for what counts for nothing. */
  weight: number
  time: number
}

const weights: Record<string, number> = { view: 1, click: 2, add_to_cart: 4, purchase: 8 }

export function touchOf(line: string): Touch & { user: UserId } {
  const event = JSON.parse(line)
  const weight = weights[event.event_type] ?? 0
  return { user: event.user_id, item: event.product_id, weight, time: Date.parse(event.ts) }
}

/** Keyed by user; a value is a line of the events file. */
export const interactions: Topic<UserId, Touch> = topic('interactions', {
  value: { encode: touch => Buffer.from(JSON.stringify(touch)), decode: bytes => touchOf(bytes.utf8Slice()) }
})

/** The same lines keyed by item; nobody looks into them. */
export const interactionsByItem: Topic<ItemId, Buffer> = topic('interactions-by-item', {
  value: { encode: bytes => bytes, decode: bytes => bytes }
})
