import type { Context } from '../schemas/interaction.ts'

/** An id in the context of an event; databases count theirs, so numbers are ids too. */
export function contextId(field: Context[string]): string | null {
  if (typeof field === 'number') return String(field)
  return typeof field === 'string' && field !== '' ? field : null
}

/** A number in the context of an event that is not negative. */
export function contextAmount(field: Context[string]): number | null {
  const amount = typeof field === 'string' ? Number.parseFloat(field) : field
  return typeof amount === 'number' && amount >= 0 && amount < Number.POSITIVE_INFINITY ? amount : null
}
