import type { Offsets } from './log-positions.ts'
import type { InputPositions } from './position-token.ts'
import type { WritePath, WritePaths } from './write-path.ts'

/** By partition. */
type Positions = ReadonlyMap<number, number>

/**
 * Follows one write through the topics that are derived from it. Once the streams have committed past it, what came of
 * it is in the topics they write, somewhere before the ends these have then; a topic on the way is looked at when all
 * that lead to it have been passed, by the longest way too; then what this replica reads has to be past its ends.
 */
export class WriteFollower {
  readonly #written: InputPositions
  readonly #path: WritePath
  readonly #topicOfPlace: (place: number) => { topic: string; partition: number }
  /** What has to be committed of each stop, once that is known. */
  readonly #targets: (Positions | undefined)[] = []
  readonly #passed: boolean[] = []
  readonly #viewTargets: (number | undefined)[] = []
  #isKnown = false

  constructor(paths: WritePaths, written: InputPositions) {
    this.#written = written
    this.#path = paths.of(written.keys())
    this.#topicOfPlace = place => paths.flow.views[place]
  }

  /** `committed` must have been asked for before `ends`. 'unknown': the write is not on this log. */
  advance(committed: Offsets, ends: Offsets): 'unknown' | 'under way' {
    if (!this.#isKnown && !this.#isOn(ends)) return 'unknown'
    this.#isKnown = true
    this.#path.stops.forEach(({ topic, behind }, i) => {
      if (this.#passed[i] || !this.#havePassed(behind)) return
      const target = this.#targets[i] ?? this.#targetOf(topic, behind, ends)
      this.#targets[i] = target
      this.#passed[i] = [...target].every(([partition, offset]) => offsetIn(committed, topic, partition) >= offset)
    })
    this.#path.views.forEach(({ place, behind }, i) => {
      if (this.#viewTargets[i] !== undefined || !this.#havePassed(behind)) return
      const { topic, partition } = this.#topicOfPlace(place)
      this.#viewTargets[i] = offsetIn(ends, topic, partition)
    })
    return 'under way'
  }

  /** `positions` of the replica, in the order of `Flow.views`. */
  isSeen(positions: ArrayLike<number>): boolean {
    const { stops, views } = this.#path
    return (
      stops.every((_, i) => this.#passed[i]) &&
      views.every(({ place }, i) => positions[place] >= (this.#viewTargets[i] ?? Number.POSITIVE_INFINITY))
    )
  }

  #havePassed(stops: readonly number[]): boolean {
    return stops.every(stop => this.#passed[stop])
  }

  /** Nothing leads to what was written; further on, all that a topic holds by now. */
  #targetOf(topic: string, behind: readonly number[], ends: Offsets): Positions {
    const all = ends.get(topic) ?? new Map()
    return behind.length === 0 ? (this.#written.get(topic) ?? all) : all
  }

  #isOn(ends: Offsets): boolean {
    return [...this.#written].every(([topic, positions]) =>
      [...(positions ?? [])].every(([partition, offset]) => offset <= offsetIn(ends, topic, partition))
    )
  }
}

function offsetIn(offsets: Offsets, topic: string, partition: number): number {
  return offsets.get(topic)?.get(partition) ?? 0
}
