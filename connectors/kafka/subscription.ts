import type { TopicPartition } from '../../engine/log/log.ts'
import { PartitionQueue } from './partition-queue.ts'

export interface PartitionState extends TopicPartition {
  /** Behind what was handed out, markers and gaps included. */
  position: number
  /** As of the last fetch; -1 before it. */
  highWatermark: number
  lastStableOffset: number
  logStartOffset: number
  isPaused: boolean
  /** Why the last fetch failed, while it keeps failing. */
  problem: Error | undefined
}

export interface Subscription extends PartitionState {
  queue: PartitionQueue
  /** Of the topic as it was when reading began (KIP-516). */
  topicId: string | undefined
  isAsked: boolean
  failed: Error | undefined
  failures: number
  failingSinceMs: number
  notBeforeMs: number
}

/** A new one for every seek: an answer that is still under way belongs to the old one. */
export function subscribed({ topic, partition }: TopicPartition, offset: number, old?: Subscription): Subscription {
  return {
    topic,
    partition,
    queue: new PartitionQueue({ topic, partition }, offset),
    topicId: undefined,
    get position() {
      return this.queue.position
    },
    highWatermark: old?.highWatermark ?? -1,
    lastStableOffset: old?.lastStableOffset ?? -1,
    logStartOffset: old?.logStartOffset ?? -1,
    isPaused: old?.isPaused ?? false,
    isAsked: false,
    failed: undefined,
    problem: undefined,
    failures: 0,
    failingSinceMs: 0,
    notBeforeMs: 0
  }
}

export function isReadable({ queue, failed }: Subscription): boolean {
  return queue.hasArrived || failed !== undefined
}

export function keyOf(topic: string, partition: number): string {
  return `${partition} ${topic}`
}
