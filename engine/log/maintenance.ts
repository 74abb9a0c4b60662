import { compact } from './compaction.ts'
import { mergeChunks } from './merging.ts'
import { dropExpired } from './retention.ts'
import type { Upkeep } from './upkeep.ts'

/** One round over all partitions; pauses after each step that has done something. */
export function* keepInOrder(upkeep: Upkeep, now: number): Generator<void> {
  for (const { spec } of upkeep.state.topics.all()) {
    for (let partition = 0; partition < spec.partitions; partition++) {
      const target = { topic: upkeep.state.topics.get(spec.name), partition }
      yield* dropExpired(upkeep, target, now)
      yield* compact(upkeep, target, now)
      yield* mergeChunks(upkeep, target)
    }
  }
}
