/** An id that was merged into a user, and the time up to which nothing of it may be used (`forgottenUntil`). */
export interface MergedId {
  id: string
  since: number
}

const mergedMax = 8

/**
 * The list with the id, of which nothing of up to `since` is to be used. It keeps the 8 that came last: what was ordered under
 * one before them is found no more.
 */
export function withMergedId(list: readonly MergedId[], { id, since }: MergedId): MergedId[] {
  if (!list.some(one => one.id === id)) return [...list, { id, since }].slice(-mergedMax)
  return list.map(one => (one.id === id ? { id, since: Math.max(since, one.since) } : one))
}

/** Of a user called `self`, who asked to forget everything of up to `forgottenUntil`: the ids that another brings as well. */
export function joinedIds(
  list: readonly MergedId[],
  others: readonly MergedId[],
  { self, forgottenUntil }: { self: string; forgottenUntil: number }
): MergedId[] {
  let joined = [...list]
  for (const { id, since } of others) {
    if (id !== self) joined = withMergedId(joined, { id, since: Math.max(since, forgottenUntil) })
  }
  return joined
}

/** As published: in order of id, whatever came first. */
export function shownIds(list: readonly MergedId[], never: number): { id: string; known_from: number | null }[] {
  return [...list]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, since }) => ({ id, known_from: since === never ? null : since }))
}
