import { flowOrder } from './flow-drain.ts'

/** How records lead to records, and in the end to what answers are made from. */
export interface Flow {
  /** By topic that the streams read: what they write because of its records, views included. */
  derived: ReadonlyMap<string, readonly string[]>
  /** What this replica reads itself: topics of views and of visits, a place per partition. */
  views: readonly { topic: string; partition: number }[]
}

/** A topic that the streams read on the way of a write. */
export interface Stop {
  topic: string
  /** Stops that have to be passed first; they stand before it. */
  behind: readonly number[]
}

/** The way of writes to certain topics. */
export interface WritePath {
  stops: readonly Stop[]
  /** Places of `Flow.views` that the way leads to, and the stops that write them. */
  views: readonly { place: number; behind: readonly number[] }[]
}

/** A topic that leads back to itself is followed once more, not for ever. */
const roundsMax = 2

/** The ways that writes take through a flow, each worked out once. */
export class WritePaths {
  readonly #flow: Flow
  readonly #order: ReadonlyMap<string, number>
  /** By written topics; inputs are few, so are these. */
  readonly #known = new Map<string, WritePath>()

  constructor(flow: Flow) {
    this.#flow = flow
    this.#order = new Map(flowOrder(flow.derived).order.map((topic, i) => [topic, i]))
  }

  get flow(): Flow {
    return this.#flow
  }

  of(topics: Iterable<string>): WritePath {
    const written = [...topics].sort()
    const name = written.join(' ')
    const known = this.#known.get(name) ?? this.#pathFrom(written)
    this.#known.set(name, known)
    return known
  }

  /**
   * Every stop stands behind all that lead to it. What leads to a topic at its own place or before it, in a circle, leads
   * to that topic's stop of the next round.
   */
  #pathFrom(written: readonly string[]): WritePath {
    const leading = new Map<string, Set<string>>()
    const visit = (topic: string, round: number) => {
      for (const next of this.#flow.derived.get(topic) ?? []) {
        const later = this.#isBefore(topic, next) ? round : round + 1
        if (!this.#flow.derived.has(next) || later > roundsMax) continue
        const stop = stopName(next, later)
        const isNew = !leading.has(stop)
        leading.set(stop, (leading.get(stop) ?? new Set()).add(stopName(topic, round)))
        if (isNew) visit(next, later)
      }
    }
    for (const topic of written) {
      leading.set(stopName(topic, 1), leading.get(stopName(topic, 1)) ?? new Set())
      visit(topic, 1)
    }
    const names = [...leading.keys()].sort((a, b) => this.#rank(a) - this.#rank(b))
    const at = new Map(names.map((name, i) => [name, i]))
    const stops = names.map(name => ({
      topic: topicOf(name),
      behind: [...(leading.get(name) ?? [])].map(one => at.get(one) as number)
    }))
    return { stops, views: this.#viewsBehind(stops) }
  }

  #viewsBehind(stops: readonly Stop[]): WritePath['views'] {
    return this.#flow.views.flatMap(({ topic }, place) => {
      const behind = stops.flatMap((stop, i) => (this.#flow.derived.get(stop.topic)?.includes(topic) ? [i] : []))
      return behind.length > 0 ? [{ place, behind }] : []
    })
  }

  #isBefore(one: string, other: string): boolean {
    return (this.#order.get(one) ?? -1) < (this.#order.get(other) ?? -1)
  }

  /** Round by round, each in the order of the flow. */
  #rank(stop: string): number {
    return Number(stop[0]) * 10_000 + (this.#order.get(topicOf(stop)) ?? -1)
  }
}

function stopName(topic: string, round: number): string {
  return `${round} ${topic}`
}

function topicOf(stop: string): string {
  return stop.slice(2)
}
