import { chunkHeader } from './segment.ts'
import { chunksFrom, consumedTo, endOf, placeOf, type Target, type Upkeep } from './upkeep.ts'

const chunksPerStep = 64

/**
 * Drops whole chunks from the start of a partition: older than `retentionMs` by their newest timestamp, or beyond
 * `retentionBytes`. What a registered group has not read yet is kept, up to twice `retentionBytes`: past that it is gone,
 * and the group goes on at the new start.
 */
export function* dropExpired(upkeep: Upkeep, target: Target, now: number): Generator<void> {
  const { topic, partition } = target
  const { retentionMs = Infinity, retentionBytes = Infinity, cleanup } = topic.spec
  if (cleanup === 'compact' || (retentionMs === Infinity && retentionBytes === Infinity)) return
  for (let limit = 1; ; limit = chunksPerStep) {
    const { start, bytes } = topic.ends[partition]
    const consumed = consumedTo(upkeep.state, target)
    let left = bytes
    const chunks = chunksFrom(upkeep.state.store, target, start, limit)
    const isKept = chunks.findIndex(chunk => {
      const isExpired = chunkHeader(chunk).maxTimestamp < now - retentionMs
      const isConsumed = endOf(chunk) <= consumed
      const rest = left - chunk.bytes.length
      if (!((isConsumed && (isExpired || rest >= retentionBytes)) || rest >= 2 * retentionBytes)) return true
      left = rest
      return false
    })
    const dropped = isKept < 0 ? chunks : chunks.slice(0, isKept)
    if (dropped.length === 0) return
    const staging = upkeep.stage()
    staging.replace(placeOf(target), dropped, [])
    staging.setEnds(placeOf(target), { start: endOf(dropped[dropped.length - 1]) })
    staging.commit()
    upkeep.forget(topic.id, partition)
    yield
    if (isKept >= 0) return
  }
}
