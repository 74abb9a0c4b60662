import { stop } from '../errors.ts'
import type { StateStore, WriteBatch } from '../stores/state-store.ts'
import type { TopicSpec } from './log.ts'
import { type Ends, noEnds, putTopic, readEnds, readTopics } from './log-rows.ts'

/** A topic in the writer's memory. Ends of a unit in work are in its `Staging`, not here. */
export interface TopicState {
  readonly id: number
  spec: TopicSpec
  /** By partition. */
  readonly ends: Ends[]
  /** Chunks added to each partition since it was last looked at for merging; in memory only. */
  readonly newChunks: number[]
}

const idMax = 0xffff

/** The topics of the log by name. */
export class TopicTable {
  #byName = new Map<string, TopicState>()
  #lastId = 0

  static load(store: StateStore): TopicTable {
    const table = new TopicTable()
    for (const { id, spec } of readTopics(store)) {
      const ends = readEnds(store, id, spec.partitions)
      // What is there at a start has not been looked at.
      table.#add({ id, spec, ends, newChunks: ends.map(() => Infinity) })
    }
    return table
  }

  all(): TopicState[] {
    return [...this.#byName.values()]
  }

  get(name: string): TopicState {
    const topic = this.#byName.get(name)
    if (topic) return topic
    throw unknownTopic(name)
  }

  /** Of a partition that exists. */
  at(name: string, partition: number): TopicState {
    const topic = this.get(name)
    if (partition in topic.ends) return topic
    throw unknownPartition(name, partition, topic.ends.length)
  }

  /** Puts what is new or changed into the batch; `apply` makes it known once the batch is written. */
  ensure(specs: readonly TopicSpec[], batch: WriteBatch): { apply: () => void } {
    const changes: TopicState[] = []
    let id = this.#lastId
    for (const spec of specs) {
      const known = this.#byName.get(spec.name)
      if (known) refuseChange(known.spec, spec)
      if (known && JSON.stringify(known.spec) === JSON.stringify(spec)) continue
      const topic = known ? { ...known, spec } : emptyTopic(++id, spec)
      if (topic.id > idMax || spec.partitions < 1 || spec.partitions > idMax) throw tooMany(spec)
      putTopic(batch, topic)
      changes.push(topic)
    }
    return {
      apply: () => {
        for (const topic of changes) this.#add(topic)
      }
    }
  }

  #add(topic: TopicState): void {
    this.#byName.set(topic.spec.name, topic)
    this.#lastId = Math.max(this.#lastId, topic.id)
  }
}

function emptyTopic(id: number, spec: TopicSpec): TopicState {
  const ends = Array.from({ length: spec.partitions }, noEnds)
  return { id, spec, ends, newChunks: ends.map(() => 0) }
}

export function unknownTopic(name: string) {
  return stop(
    'topic_unknown',
    `There is no topic ${name} in this log: check its name, or start the release that declares it.`
  )
}

export function unknownPartition(name: string, partition: number, partitions: number) {
  return stop(
    'partition_unknown',
    `Topic ${name} has partitions 0 to ${partitions - 1}, not ${partition}: check who asks for it.`
  )
}

function refuseChange(known: TopicSpec, spec: TopicSpec): void {
  for (const trait of ['partitions', 'cleanup'] as const) {
    if (known[trait] === spec[trait]) continue
    throw stop(
      'topic_mismatch',
      `Topic ${spec.name} exists with ${trait} ${known[trait]}, this release declares ${spec[trait]}: a topic keeps its ${trait}, so give the new one another name and replay into it.`
    )
  }
}

function tooMany({ name, partitions }: TopicSpec) {
  return stop(
    'topic_mismatch',
    `Topic ${name} cannot be created with ${partitions} partitions: an embedded log holds at most ${idMax} topics of 1 to ${idMax} partitions.`
  )
}
