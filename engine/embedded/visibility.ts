import type { Input } from '../task/inputs.ts'
import type { Plan } from '../task/plan.ts'

interface Marker {
  commit: number
  /** How many topics in a row the write has been followed through. */
  hop: number
  /** Offset that each input must have passed, in the order of the inputs. */
  targets: number[]
}

const markersMax = 64

/**
 * Up to which write everything has reached the views. A write is followed hop by hop: the inputs must have passed its
 * records, then the topics that topologies wrote meanwhile, and so on as deep as topologies follow each other.
 */
export class Visibility {
  readonly #inputs: readonly Input[]
  readonly #derived: readonly boolean[]
  readonly #hops: number
  readonly #endOf: (input: Input) => number
  #markers: Marker[] = []
  #isLastOpen = false
  /** Every write up to this one is visible. */
  fresh: number

  constructor(plan: Plan, inputs: readonly Input[], endOf: (input: Input) => number, commit: number) {
    const levels = topicLevels(plan)
    this.#inputs = inputs
    this.#endOf = endOf
    this.#derived = inputs.map(({ source }) => (levels.get(source.log) ?? 0) > 0)
    this.#hops = Math.max(0, ...levels.values()) + 1
    this.fresh = 0
    this.appended(commit)
  }

  /** A write other than a unit of work: from now on it is waited for. */
  appended(commit: number): void {
    const last = this.#markers[this.#markers.length - 1]
    const targets = this.#inputs.map(this.#endOf)
    if (last && (this.#isLastOpen || this.#markers.length === markersMax)) {
      last.commit = commit
      last.targets = targets
      last.hop = 0
    } else {
      this.#markers.push({ commit, hop: 0, targets })
    }
    this.#isLastOpen = true
  }

  /** A unit of work was committed, or there is nothing to do. Returns whether more is visible now. */
  progressed(): boolean {
    this.#isLastOpen = false
    const before = this.fresh
    while (this.#markers.length > 0 && this.#follow(this.#markers[0])) {
      this.fresh = this.#markers[0].commit
      this.#markers.shift()
    }
    return this.fresh !== before
  }

  #follow(marker: Marker): boolean {
    while (this.#inputs.every(({ committed }, i) => committed >= marker.targets[i])) {
      if (++marker.hop >= this.#hops) return true
      marker.targets = this.#inputs.map((input, i) => (this.#derived[i] ? this.#endOf(input) : 0))
    }
    return false
  }
}

/** 0 for topics that come from outside, else one more than the deepest input of the topology that writes them. */
function topicLevels({ sources }: Plan): Map<string, number> {
  const levels = new Map(sources.map(({ log }) => [log, 0]))
  for (let round = 0; round < sources.length; round++) {
    for (const { log, readers } of sources) {
      const level = (levels.get(log) as number) + 1
      for (const output of readers.flatMap(({ writes }) => writes)) {
        const known = levels.get(output)
        if (known !== undefined && known < level) levels.set(output, Math.min(level, sources.length))
      }
    }
  }
  return levels
}
