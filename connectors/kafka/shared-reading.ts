import { MillraceError } from '../../engine/errors.ts'
import type { RecordBatch, TopicPartition } from '../../engine/log/log.ts'
import type { Cluster } from './cluster.ts'
import { commitOffsets, committedOffsets } from './committed-offsets.ts'
import { GroupMember, type Membership } from './group-member.ts'
import { PartitionReader } from './reader.ts'

export interface SharedReadingOptions {
  cluster: Cluster
  group: string
  /** Stable name of this member. */
  worker: string
  sessionTimeoutMs: number
  topics: readonly string[]
  /** Settles when a batch is done with: what is behind it is committed some time later. */
  take: (batch: RecordBatch) => Promise<void>
}

const readBytes = 256 * 1024
const commitMs = 1_000
const idleMs = 500

/**
 * Members of a group share the partitions of some topics and read them, at least once: from what was committed, else from
 * the beginning. For side effects of which one is enough, whoever has it.
 */
export class SharedReading {
  readonly #options: SharedReadingOptions
  readonly #reader: PartitionReader
  readonly #group: GroupMember
  /** Of what this member has; −1: not begun. */
  readonly #positions = new Map<string, Map<number, number>>()
  #wanted: Membership | null = null
  #end: 'stop' | 'drain' | null = null
  #failure: unknown = null
  #committedMs = performance.now()

  constructor(options: SharedReadingOptions) {
    const { cluster, group, worker, sessionTimeoutMs, topics } = options
    this.#options = options
    this.#reader = new PartitionReader(cluster)
    this.#group = new GroupMember(cluster, {
      group,
      instanceId: worker,
      sessionTimeoutMs,
      taskGroups: topics.map(topic => ({ name: topic, topics: [topic] })),
      beforeJoin: member => this.#commit(member),
      assigned: membership => {
        this.#wanted = membership
      },
      lost: () => this.#become([]),
      ended: cause => {
        this.#failure = cause
      }
    })
  }

  /** Until `end`; throws what only a human can mend. */
  async run(): Promise<void> {
    void this.#group.join().catch(error => {
      this.#failure ??= error
    })
    try {
      while (!this.#end && !this.#failure) await this.#turn()
    } finally {
      await this.#leave()
    }
    if (this.#failure && !this.#end) throw this.#failure
  }

  /** A batch that is being taken is given up where `take` settles early: nothing of it is committed. */
  end(how: 'stop' | 'drain'): void {
    this.#end = how
  }

  async #turn(): Promise<void> {
    if (this.#wanted) {
      const { tasks } = this.#wanted
      this.#wanted = null
      this.#become(tasks.map(placeOf))
      await this.#begin()
    }
    const isIdle = await this.#takeAll()
    const { membership } = this.#group
    if (performance.now() - this.#committedMs >= commitMs && membership) await this.#commit(membership)
    if (isIdle) await Promise.race([this.#reader.arrived(), new Promise(resolve => setTimeout(resolve, idleMs))])
  }

  /** True when nothing had arrived. */
  async #takeAll(): Promise<boolean> {
    let isIdle = true
    for (const [topic, byPartition] of this.#positions) {
      for (const partition of [...byPartition.keys()]) {
        const batch = this.#reader.state(topic, partition) && this.#reader.read(topic, partition, readBytes)
        if (!batch) continue
        isIdle = false
        await this.#options.take(batch)
        if (this.#end) return true
        // It may have gone elsewhere meanwhile.
        if (byPartition.has(partition)) byPartition.set(partition, batch.nextOffset)
      }
    }
    return isIdle
  }

  /** Keeps what stays, lets go of the rest; what is new has no position yet. */
  #become(places: readonly TopicPartition[]): void {
    for (const [topic, byPartition] of this.#positions) {
      for (const partition of [...byPartition.keys()]) {
        if (places.some(place => place.topic === topic && place.partition === partition)) continue
        byPartition.delete(partition)
        this.#reader.remove(topic, partition)
      }
    }
    for (const { topic, partition } of places) {
      const byPartition = this.#positions.get(topic) ?? new Map<number, number>()
      this.#positions.set(topic, byPartition)
      if (!byPartition.has(partition)) byPartition.set(partition, -1)
    }
  }

  async #begin(): Promise<void> {
    const { cluster, group } = this.#options
    const committed = await committedOffsets(cluster, group)
    for (const [topic, byPartition] of this.#positions) {
      for (const [partition, position] of byPartition) {
        if (position >= 0) continue
        const from = committed.get(topic)?.get(partition)?.offset ?? 0
        byPartition.set(partition, from)
        this.#reader.seek(topic, partition, from)
      }
    }
  }

  async #commit(member: Membership): Promise<void> {
    const { cluster, group } = this.#options
    this.#committedMs = performance.now()
    const known = [...this.#positions].map(([topic, byPartition]) => {
      const places = [...byPartition].filter(([, offset]) => offset >= 0)
      return [topic, new Map(places.map(([partition, offset]) => [partition, { offset }]))] as const
    })
    try {
      await commitOffsets(cluster, { group, member, positions: new Map(known) })
    } catch (error) {
      // Whoever has the partitions next begins a little earlier; that is all it costs.
      if (!(error instanceof MillraceError) || error.remedy === 'stop') throw error
    }
  }

  async #leave(): Promise<void> {
    const { membership } = this.#group
    if (membership) await this.#commit(membership)
    await (this.#end === 'drain' ? this.#group.drain() : this.#group.close())
    this.#reader.close()
  }
}

function placeOf(task: string): TopicPartition {
  const slash = task.lastIndexOf('/')
  return { topic: task.slice(0, slash), partition: Number(task.slice(slash + 1)) }
}
