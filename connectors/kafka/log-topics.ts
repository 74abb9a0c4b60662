import { stop } from '../../engine/errors.ts'
import type { TopicPartition, TopicSpec } from '../../engine/log/log.ts'
import { Admin } from './admin.ts'
import type { Cluster } from './cluster.ts'
import { offsetsOf } from './list-offsets.ts'
import { batchRoomBytes, misfit, newTopic, specOf } from './topic-fit.ts'

interface KnownTopic {
  spec: TopicSpec
  starts: number[]
  ends: number[]
}

/** The topics this log was asked for, with the ends it last heard of. */
export class LogTopics {
  readonly #cluster: Cluster
  readonly #admin: Admin
  readonly #replicationFactor: number
  readonly #known = new Map<string, KnownTopic>()

  constructor(cluster: Cluster, replicationFactor: number) {
    this.#cluster = cluster
    this.#admin = new Admin(cluster)
    this.#replicationFactor = replicationFactor
  }

  all(): TopicSpec[] {
    return [...this.#known.values()].map(({ spec }) => spec)
  }

  /** Creates what is missing; refuses before it creates anything. */
  async ensure(specs: readonly TopicSpec[]): Promise<void> {
    const existing = new Map((await this.#all()).map(({ name, partitions }) => [name, partitions.length]))
    const old = specs.filter(({ name }) => existing.has(name))
    const configs = await this.#admin.topicConfigs(old.map(({ name }) => name))
    for (const spec of old) {
      const error = misfit(spec, {
        partitions: existing.get(spec.name) ?? 0,
        configs: configs.get(spec.name) ?? new Map()
      })
      if (error) throw error
    }
    const missing = specs.filter(({ name }) => !existing.has(name))
    await this.#admin.createTopics(missing.map(spec => newTopic(spec, this.#replicationFactor)))
    for (const spec of missing) this.#know(spec)
    for (const spec of old) {
      const partitions = existing.get(spec.name) ?? 0
      this.#know(specOf(spec.name, { partitions, configs: configs.get(spec.name) ?? new Map() }))
    }
    await this.refresh(specs.map(({ name }) => name))
  }

  #all() {
    return this.#cluster.retrying('asking for all topics', () => this.#cluster.allTopics())
  }

  #know(spec: TopicSpec): void {
    const zeros = () => new Array<number>(spec.partitions).fill(0)
    const before = this.#known.get(spec.name)
    this.#known.set(spec.name, { spec, starts: before?.starts ?? zeros(), ends: before?.ends ?? zeros() })
  }

  get(name: string): KnownTopic {
    const known = this.#known.get(name)
    if (known) return known
    throw stop(
      'topic_unknown',
      `There is no topic ${name} in this log: check its name, or start the release that declares it.`
    )
  }

  at(name: string, partition: number): KnownTopic {
    const known = this.get(name)
    const { partitions } = known.spec
    if (Number.isInteger(partition) && partition >= 0 && partition < partitions) return known
    throw stop(
      'partition_unknown',
      `Topic ${name} has partitions 0 to ${partitions - 1}, not ${partition}: check who asks for it.`
    )
  }

  /** Starts, and ends as a committed-only reader sees them; of all topics unless named. */
  async refresh(names: readonly string[] = [...this.#known.keys()]): Promise<void> {
    const places = names.flatMap(topic =>
      Array.from({ length: this.get(topic).spec.partitions }, (_, partition): TopicPartition => ({ topic, partition }))
    )
    if (places.length === 0) return
    const [starts, ends] = await Promise.all([
      offsetsOf(this.#cluster, places, 'earliest'),
      offsetsOf(this.#cluster, places, 'lastStable')
    ])
    for (const { topic, partition } of places) {
      const known = this.get(topic)
      known.starts[partition] = starts.get(topic)?.get(partition) ?? known.starts[partition]
      this.heard(topic, partition, ends.get(topic)?.get(partition) ?? 0)
    }
  }

  /** Ends never go back: an older answer may come in later. */
  heard(topic: string, partition: number, end: number): void {
    const { ends } = this.at(topic, partition)
    if (end > ends[partition]) ends[partition] = end
  }

  batchBytesMax(topic: string): number {
    const known = this.#known.get(topic)
    return known ? known.spec.recordBytesMax + batchRoomBytes : 1_000_000
  }
}
