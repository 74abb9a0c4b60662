import { Segment, type SegmentBatch } from './segment.ts'
import { chunkBefore, chunksFrom, consumedTo, endOf, placeOf, rebuilt, type Target, type Upkeep } from './upkeep.ts'

/**
 * Keeps the last record of each key of a compacted partition, at the offset it has. One pass: the newest offset of each
 * key in what was added since the last one, then all chunks up to there without what that supersedes, a few at a time.
 * The last chunk, and what a registered group has yet to read, is left alone. A pass that a crash interrupted starts
 * again: each step is whole, and repeating it changes nothing.
 *
 * Tombstones go once they are older than `deleteRetentionMs`: what they delete went before them or with them.
 */
export function* compact(upkeep: Upkeep, target: Target, now: number): Generator<void> {
  const { topic, partition } = target
  if (topic.spec.cleanup !== 'compact' || !isDirty(upkeep, target)) return
  const { last, dirtyEnd } = yield* newestOffsets(upkeep, target)
  if (last.size === 0) return
  const tombstonesUntil = now - upkeep.limits.deleteRetentionMs
  const keeps = (batch: SegmentBatch, i: number) => {
    const key = keyOf(batch, i)
    if (key === null) return true
    if ((last.get(key) ?? 0) > batch.offset(i)) return false
    return batch.value(i) !== null || batch.timestamp(i) >= tombstonesUntil
  }
  let cleanBytes = 0
  let at = topic.ends[partition].start
  while (at < dirtyEnd) {
    const chunks = chunksFrom(upkeep.state.store, target, at).filter(chunk => chunk.baseOffset < dirtyEnd)
    if (chunks.length === 0) break
    at = endOf(chunks[chunks.length - 1])
    const { chunks: made, dropped } = rebuilt(placeOf(target), chunks, keeps)
    for (const { bytes } of dropped > 0 ? made : chunks) cleanBytes += bytes.length
    if (dropped > 0) {
      const staging = upkeep.stage()
      staging.replace(placeOf(target), chunks, made)
      staging.commit()
      upkeep.forget(topic.id, partition)
    }
    yield
  }
  const staging = upkeep.stage()
  staging.setEnds(placeOf(target), { cleanTo: dirtyEnd, cleanBytes })
  staging.commit()
}

/** By what was added and may be compacted already: estimated by offsets, so that a group that lags costs no reading. */
function isDirty({ limits, state }: Upkeep, target: Target): boolean {
  const { bytes, cleanBytes, cleanTo, end } = target.topic.ends[target.partition]
  if (end === cleanTo) return false
  const consumed = (consumedTo(state, target) - cleanTo) / (end - cleanTo)
  return (bytes - cleanBytes) * consumed >= Math.max(limits.compactionBytesMin, cleanBytes / 2)
}

/** Of the keys in the chunks behind the last pass, as far as memory and readers allow. */
function* newestOffsets(
  upkeep: Upkeep,
  target: Target
): Generator<void, { last: Map<string, number>; dirtyEnd: number }> {
  const { state, limits } = upkeep
  const { topic, partition } = target
  const { cleanTo, start, end } = topic.ends[partition]
  const openFrom = chunkBefore(state.store, target, end)?.baseOffset ?? 0
  const limit = Math.min(openFrom, consumedTo(state, target))
  const last = new Map<string, number>()
  let dirtyEnd = cleanTo
  let at = chunkBefore(state.store, target, cleanTo + 1)?.baseOffset ?? start
  while (last.size < limits.compactionKeysMax) {
    const chunks = chunksFrom(state.store, target, at).filter(chunk => endOf(chunk) <= limit)
    if (chunks.length === 0) break
    const segment = new Segment(placeOf(target), chunks)
    dirtyEnd = at = segment.nextOffset
    const { count } = segment
    const batch = segment.batch(0, count)
    for (let i = 0; i < count; i++) {
      const key = keyOf(batch, i)
      if (key !== null) last.set(key, batch.offset(i))
    }
    yield
  }
  return { last, dirtyEnd }
}

/** Any bytes as text of the same length. */
function keyOf(batch: SegmentBatch, index: number): string | null {
  return batch.keyBytes(index)?.latin1Slice() ?? null
}
