import type { FetchRequest } from './fetch-request.ts'
import type { Subscription } from './subscription.ts'
import type { TopicInfo } from './topology-of-brokers.ts'

/** What one broker is asked next. */
export interface FetchPlan {
  asked: Subscription[]
  /** Somebody was left out for want of room. */
  isCrowded: boolean
  infos: Map<string, TopicInfo>
}

export function positionsOf({ asked, infos }: FetchPlan, bytesMax: number): FetchRequest['topics'] {
  const topics = [...infos].map(([name, info]) => ({
    id: info.id,
    partitions: asked
      .filter(({ topic }) => topic === name)
      .map(({ partition, queue }) => ({
        partition,
        leaderEpoch: info.partitions[partition].leaderEpoch,
        offset: queue.fetchOffset,
        bytesMax
      }))
  }))
  return topics.filter(({ partitions }) => partitions.length > 0)
}
