/** One entry of a fetch response's list of aborted transactions. */
export interface AbortedTransaction {
  producerId: number
  firstOffset: number
}

export interface FilteredBatch {
  producerId: number
  lastOffset: number
  isTransactional: boolean
  isControl: boolean
  isAbortMarker: boolean
}

/**
 * KIP-98: a record is hidden while its producer is between an aborted transaction's first offset and that transaction's
 * abort marker. Feed the batches of one fetch response in offset order, one filter per response: the broker repeats
 * what still overlaps. Says whether the batch's records may be seen.
 */
export function abortedFilter(aborted: readonly AbortedTransaction[]): (batch: FilteredBatch) => boolean {
  const upcoming = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
  const hidden = new Set<number>()
  let next = 0
  return ({ producerId, lastOffset, isTransactional, isControl, isAbortMarker }) => {
    while (next < upcoming.length && upcoming[next].firstOffset <= lastOffset) hidden.add(upcoming[next++].producerId)
    if (isAbortMarker) hidden.delete(producerId)
    return !isControl && !(isTransactional && hidden.has(producerId))
  }
}
