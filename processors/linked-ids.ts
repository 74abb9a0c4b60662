import type { TableHandle } from '../engine/processor.ts'
import { type Erased, isErased, type Visitor } from './visitor.ts'

/**
 * Sessions and devices that are known to be one user's, and so many of those that their erasure has gone on to. Of more
 * linked ones, the one that was theirs first is forgotten: an erasure does not find it, and what happened in it stays until
 * it is too old for its place. Of more told ones, an erasure goes on to the one told first again, if that is heard of again.
 */
const linkedMax = 1_024
const forEver = { windowMs: Number.POSITIVE_INFINITY, idsMax: linkedMax }

/**
 * Remembers that the id is the user's from then on: a row's value is the earliest time. Returns the erasure that goes on to
 * it instead, where it was theirs before they were erased and that has not gone on to it so far.
 */
export function link(linked: TableHandle<number>, { erased }: Visitor, id: string, ts: number): Erased | null {
  if (isErased(erased, ts)) return isUntold(erased, id) ? erased : null
  const known = linked.get(id)
  if (known !== undefined && known <= ts) return null
  if (known === undefined && linked.size >= linkedMax) linked.delete(oldestOf(linked))
  linked.set(id, ts)
  return null
}

/** Takes out those that were the user's up to then; in order of the ids, those that the erasure has not gone on to so far. */
export function takeUntold(linked: TableHandle<number>, erased: Erased, until: number): string[] {
  const ids: string[] = []
  for (const [id, ts] of linked.entries()) if (ts <= until) ids.push(id)
  for (const id of ids) linked.delete(id)
  return ids.sort().filter(id => isUntold(erased, id))
}

/** From now on it is told. */
function isUntold({ told }: Erased, id: string): boolean {
  return !told.seenBefore(id, 0, forEver)
}

function oldestOf(linked: TableHandle<number>): string {
  let oldest: [id: string, ts: number] = ['', Number.POSITIVE_INFINITY]
  for (const one of linked.entries()) {
    if (one[1] < oldest[1] || (one[1] === oldest[1] && one[0] < oldest[0])) oldest = one
  }
  return oldest[0]
}
