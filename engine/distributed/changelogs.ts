import { ByteWriter } from '../bytes.ts'
import type { TopicSpec } from '../log/log.ts'
import { partitionOf } from '../log/partition-of.ts'
import type { NameIds } from '../stores/name-ids.ts'
import type { Column } from '../stores/state-store.ts'
import type { StepPlan } from '../task/plan.ts'
import { viewRowKey } from '../task/views.ts'

const recordBytesMax = 16 << 20
const keyWriter = new ByteWriter(256)

/** A topic that holds, record by record, the rows of one store of one task; and how its records become rows again. */
export interface Changelog {
  topic: string
  partition: number
  column: Column
  /** Number of the store or view in row keys. */
  id: number
  /** Of the topic as it was when the rows were restored. */
  topicId?: string
  /** Row of a record's key; null where the key is another task's. */
  rowKey(key: Buffer): Buffer | null
}

/** Stores and timers of a step have changelogs of their own; of a view the topic it is published to is one. */
export function changelogSpecs(steps: readonly StepPlan[], namespace: string): TopicSpec[] {
  return steps.flatMap(step =>
    storesOf(step).map(name => ({
      name: changelogTopic(namespace, name),
      partitions: step.partitions,
      cleanup: 'compact' as const,
      recordBytesMax
    }))
  )
}

export function changelogTopic(namespace: string, store: string): string {
  return `${namespace}.${store}-changelog`
}

export function storesOf(step: StepPlan): string[] {
  return [...step.stores.map(({ name }) => name), step.timers]
}

/** All changelogs that one partition of a step is restored from. */
export function changelogsOf(step: StepPlan, partition: number, namespace: string, ids: NameIds): Changelog[] {
  const stores = storesOf(step).map(name =>
    storeChangelog(changelogTopic(namespace, name), ids.idOf('store', name), partition)
  )
  return step.view ? [...stores, ...viewChangelogs(step, partition, ids)] : stores
}

function storeChangelog(topic: string, id: number, partition: number): Changelog {
  const prefix = Buffer.from(keyWriter.reset().u16(id).u16(partition).view())
  return { topic, partition, column: 'state', id, rowKey: key => Buffer.concat([prefix, key]) }
}

/** A view with other partitions than its step is spread over all of them. */
function viewChangelogs(step: StepPlan, partition: number, ids: NameIds): Changelog[] {
  const { topic, log, partitions } = step.view as NonNullable<StepPlan['view']>
  const id = ids.idOf('view', topic.name)
  const isSpread = partitions !== step.partitions
  const rowKey = (key: Buffer) =>
    isSpread && partitionOf(key, step.partitions) !== partition ? null : viewRowKey(id, key.toString())
  const all = Array.from({ length: partitions }, (_, each) => each)
  return (isSpread ? all : [partition]).map(each => ({
    topic: log,
    partition: each,
    column: 'views' as const,
    id,
    rowKey
  }))
}

/**
 * Where a store's rows stand in their changelog, kept among those rows: what loses rows loses the position with them.
 * `topicId`: of the topic the position is in; another one makes the rows worthless.
 */
export interface ChangelogPosition {
  offset: number
  topicId: string
  /** Wall time; older than half of `delete.retention.ms`, tombstones may be gone. */
  at: number
}

export function positionKey({ topic, partition }: Changelog): Buffer {
  return keyWriter.reset().u16(0).u8(112).u16(partition).text(topic).copy()
}
