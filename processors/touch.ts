export const touchTypes = ['view', 'click', 'add_to_cart', 'purchase'] as const
export type TouchType = (typeof touchTypes)[number]

/** One person's act on one item. */
export interface Touch {
  product_id: string
  type: TouchType
  ts: number
  /** No answer of ours caused it. */
  organic: boolean
}

const typeMask = 3
const causedBit = 4

/** Type and cause in one byte; part of the state's format. */
export function kindOf({ type, organic }: Touch): number {
  return touchTypes.indexOf(type) | (organic ? 0 : causedBit)
}

/** Index into `touchTypes`. */
export const typeOf = (kind: number) => kind & typeMask
export const isOrganic = (kind: number) => (kind & causedBit) === 0

export const dayMs = 86_400_000
export const dayOf = (ts: number) => Math.floor(ts / dayMs)
