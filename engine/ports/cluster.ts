import type { NewRecord, RecordBatch, TopicPartition, TopicSpec } from '../log/log.ts'

/** A place in a partition and the small text kept with it (the group's offset metadata). */
export interface CommittedPosition {
  offset: number
  metadata?: string
}

export type CommittedPositions = ReadonlyMap<string, ReadonlyMap<number, CommittedPosition>>

/** Who works under which generation of the group; replaced as a whole, never changed. */
export interface Membership {
  memberId: string
  generation: number
  instanceId: string | null
  /** `<sub-topology>/<partition>` */
  tasks: readonly string[]
  standbys: readonly string[]
}

/** Where a batch came to stand; settles once it is written. */
export interface Receipt {
  readonly count: number
  readonly baseOffset: Promise<number>
}

/**
 * Outputs and consumed offsets that become visible as one. After a commit that failed or whose answer was lost it is dead:
 * the owner claims with a new one and goes on from the committed offsets.
 */
export interface UnitProducer {
  /** Fences older owners of the name and ends what they left open. Read committed offsets after this, never before. */
  claim(): Promise<void>
  /** `receipt.count` at the time of the call, less one, is the record's place in its batch. */
  add(topic: string, partition: number, record: NewRecord): Receipt
  readonly bufferedBytes: number
  /** Settles when more may be added. */
  room(): Promise<void>
  commit(offsets: { group: string; member: Membership; positions: CommittedPositions }): Promise<void>
  abort(): Promise<void>
  close(): Promise<void>
}

export type ReadPurpose = 'inputs' | 'restore' | 'indexes' | 'standbys' | 'views'

export interface ReadState {
  /** Behind what was handed out. */
  position: number
  lastStableOffset: number
  logStartOffset: number
  /** Why nothing arrives, while that lasts. */
  problem?: Error | undefined
}

/** Reads partitions ahead of its owner; what has arrived is handed out synchronously. */
export interface TaskReader {
  seek(topic: string, partition: number, offset: number): void
  remove(topic: string, partition: number): void
  /** From `state().position` on; null when nothing has arrived. Throws where an offset is gone. */
  read(topic: string, partition: number, bytesMax: number): RecordBatch | null
  state(topic: string, partition: number): ReadState | undefined
  arrived(): Promise<void>
  close(): void
}

export interface GroupCallbacks {
  /** The last moment of the old generation: commit under it. Joining waits for it. */
  beforeJoin: (membership: Membership) => Promise<void>
  assigned: (membership: Membership) => void
  /** The tasks are somebody else's already: drop what is not committed. */
  lost: (cause: unknown) => void
  /** It does not join again: a human must act. */
  ended: (cause: unknown) => void
  /** Tasks whose state is here though they run elsewhere, and how many changelog records it lacks. */
  standbys: () => ReadonlyMap<string, number>
}

export interface Group {
  join(): Promise<Membership>
  /** Undefined while joining and after a loss: nothing is committed then. */
  readonly membership: Membership | undefined
  /** Stays a member: a restart within the session moves nothing. */
  close(): Promise<void> | void
  /** Leaves for good. */
  drain(): Promise<void>
}

export type OffsetKind = 'earliest' | 'highWatermark' | 'lastStable'

/** What a stream worker needs of a log that many processes share: Kafka (connectors/kafka). */
export interface StreamCluster {
  ensureTopics(specs: readonly TopicSpec[]): Promise<void>
  /** A topic that was deleted and made again has another id. */
  topicId(topic: string): Promise<string>
  producer(): UnitProducer
  /** Committed-only. Readers for different purposes never wait for each other. */
  reader(purpose: ReadPurpose): TaskReader
  group(tasks: readonly { name: string; topics: readonly string[] }[], callbacks: GroupCallbacks): Group
  /** Waits for open transactions that could still change them. */
  committed(group: string, wanted: readonly TopicPartition[]): Promise<CommittedPositions>
  offsets(
    wanted: readonly TopicPartition[],
    kind: OffsetKind
  ): Promise<ReadonlyMap<string, ReadonlyMap<number, number>>>
  /** Outside of transactions. */
  append(topic: string, partition: number, records: readonly NewRecord[]): Promise<void>
  deleteRecords(before: readonly (TopicPartition & { offset: number })[]): Promise<void>
  close(): Promise<void>
}
