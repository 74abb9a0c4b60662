import type { StoreReader } from '../stores/state-store.ts'
import { ChunkReader } from './chunk-reader.ts'
import { readCommit } from './commit-chain.ts'
import type { Log, RecordBatch, TopicSpec } from './log.ts'
import { type Ends, readEnds, readGroups, readTopics, type TopicRow } from './log-rows.ts'
import { unknownPartition, unknownTopic } from './topic-table.ts'

/**
 * The log for a thread that does not write it: every answer is of the last commit. Reads as `EmbeddedLog` does, at the
 * price of one look-up more. Must be done before the database is closed.
 */
export class LogReader implements Pick<Log, 'topics' | 'read' | 'startOffset' | 'endOffset' | 'committed'> {
  readonly #store: StoreReader
  readonly #reader: ChunkReader
  #topics = new Map<string, TopicRow>()

  constructor(store: StoreReader) {
    this.#store = store
    this.#reader = new ChunkReader(store)
  }

  get commit(): number {
    return readCommit(this.#store).commit
  }

  topics(): TopicSpec[] {
    this.#topics = new Map(readTopics(this.#store).map(row => [row.spec.name, row]))
    return [...this.#topics.values()].map(({ spec }) => spec)
  }

  read(topic: string, partition: number, fromOffset: number, bytesMax: number): RecordBatch | null {
    const { id, spec } = this.#topic(topic)
    const place = () => ({ topicId: id, topic, partition, cleanup: spec.cleanup, ...this.#ends(topic, partition) })
    const before = place()
    try {
      return this.#reader.read(before, fromOffset, bytesMax)
    } catch (error) {
      // The writer may have dropped or merged what was being read; only what is missing twice is missing.
      this.#reader.forget(id, partition)
      const now = place()
      if (now.start === before.start && now.end === before.end) throw error
      return this.#reader.read(now, fromOffset, bytesMax)
    }
  }

  startOffset(topic: string, partition: number): number {
    return this.#ends(topic, partition).start
  }

  endOffset(topic: string, partition: number): number {
    return this.#ends(topic, partition).end
  }

  committed(group: string): Map<string, number[]> {
    return readGroups(this.#store).get(group) ?? new Map()
  }

  #ends(topic: string, partition: number): Ends {
    const { id, spec } = this.#topic(topic)
    if (!(partition >= 0 && partition < spec.partitions)) throw unknownPartition(topic, partition, spec.partitions)
    return readEnds(this.#store, id, spec.partitions)[partition]
  }

  #topic(name: string): TopicRow {
    if (!this.#topics.has(name)) this.topics()
    const topic = this.#topics.get(name)
    if (!topic) throw unknownTopic(name)
    return topic
  }
}
