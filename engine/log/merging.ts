import { chunkBytesMax } from './chunk.ts'
import type { Chunk } from './segment.ts'
import { chunksFrom, endOf, placeOf, rebuilt, type Target, type Upkeep } from './upkeep.ts'

/** So many chunks must have come in before it is worth looking. */
const newChunksMin = 32
/** Chunks below this are merged by the dozen; what comes of it is merged once more, into full ones. */
const tinyBytes = 8 * 1024
const tinyChunksMin = 16
const fullBytes = chunkBytesMax / 8

/**
 * Live traffic leaves a small chunk per commit. Neighbours are merged in two stages, so that a record is rewritten about
 * twice; what is too few or too new for that waits.
 */
export function* mergeChunks(upkeep: Upkeep, target: Target): Generator<void> {
  const { topic, partition } = target
  if (topic.newChunks[partition] < newChunksMin) return
  topic.newChunks[partition] = 0
  let at = topic.ends[partition].start
  while (at < topic.ends[partition].end) {
    const chunks = chunksFrom(upkeep.state.store, target, at)
    if (chunks.length === 0) return
    const run = mergeable(chunks, tinyBytes, run => run.length >= tinyChunksMin) ?? mergeable(chunks, fullBytes, isFull)
    if (run) {
      const staging = upkeep.stage()
      staging.replace(placeOf(target), run, rebuilt(placeOf(target), run, () => true).chunks)
      staging.commit()
      upkeep.forget(topic.id, partition)
    }
    // After a merge it looks from the same place again, since what it made may be merged further.
    at = run ? at : endOf(chunks[chunks.length - 1])
    yield
  }
}

const bytesOf = (chunks: readonly Chunk[]) => chunks.reduce((sum, { bytes }) => sum + bytes.length, 0)
const isFull = (run: readonly Chunk[]) => run.length > 1 && bytesOf(run) >= fullBytes

/** The first run of neighbours below a size that is worth merging. */
function mergeable(
  chunks: readonly Chunk[],
  belowBytes: number,
  isWorth: (run: Chunk[]) => boolean
): Chunk[] | undefined {
  let run: Chunk[] = []
  for (const chunk of [...chunks, undefined]) {
    if (chunk && chunk.bytes.length < belowBytes) {
      run.push(chunk)
      continue
    }
    if (isWorth(run)) return run
    run = []
  }
  return undefined
}
