import { ByteWriter } from '../bytes.ts'
import type { TopicSpec } from '../log/log.ts'
import { partitionOf } from '../log/partition-of.ts'
import type { NameIds } from '../stores/name-ids.ts'
import type { Column } from '../stores/state-store.ts'
import type { Plan, StepPlan } from '../task/plan.ts'
import { viewRowKey } from '../task/views.ts'

const recordBytesMax = 16 << 20
const keyWriter = new ByteWriter(256)
const viewIdBytes = 2

/** A topic that holds, record by record, the rows of one store of one task; and how its records become rows again. */
export interface Changelog {
  topic: string
  partition: number
  column: Column
  /** Number of the store or view in row keys. */
  id: number
  /** Of the topic as it was when the rows were restored. */
  topicId?: string
  /** Of the task, where several tasks restore their share of the same partition: each has a position of its own. */
  owner?: number
  /** Row of a record's key, valid until the next one; null where the key is another task's. */
  rowKey(key: Buffer): Buffer | null
  /** Where its rows are; `owns` says which of those. */
  rows: { gte: Buffer; lt: Buffer }
  owns(row: Buffer): boolean
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

function changelogTopic(namespace: string, store: string): string {
  return `${namespace}.${store}-changelog`
}

function storesOf(step: StepPlan): string[] {
  return [...step.stores.map(({ name }) => name), step.timers]
}

/** All changelogs that one partition of a step is restored from. */
function changelogsOf(step: StepPlan, partition: number, namespace: string, ids: NameIds): Changelog[] {
  const stores = storesOf(step).map(name =>
    storeChangelog(changelogTopic(namespace, name), ids.idOf('store', name), partition)
  )
  return step.view ? [...stores, ...viewChangelogs(step, partition, ids)] : stores
}

/** Of a task by its id; none where this release does not know it. */
export function taskChangelogs(plan: Plan, id: string, namespace: string, ids: NameIds): Changelog[] {
  const slash = id.lastIndexOf('/')
  const sub = plan.subTopologies.find(({ name }) => name === id.slice(0, slash))
  return (sub?.steps ?? []).flatMap(step => changelogsOf(step, Number(id.slice(slash + 1)), namespace, ids))
}

function storeChangelog(topic: string, id: number, partition: number): Changelog {
  const prefix = Buffer.from(keyWriter.reset().u16(id).u16(partition).view())
  const lt = Buffer.from(prefix)
  lt.writeUInt32BE(lt.readUInt32BE(0) + 1, 0)
  const rowKey = (key: Buffer) => keyWriter.reset().bytes(prefix).bytes(key).view()
  return { topic, partition, column: 'state', id, rowKey, rows: { gte: prefix, lt }, owns: () => true }
}

/** A view with other partitions than its step is spread over all of them. */
function viewChangelogs(step: StepPlan, partition: number, ids: NameIds): Changelog[] {
  const { topic, log, partitions } = step.view as NonNullable<StepPlan['view']>
  const id = ids.idOf('view', topic.name)
  if (partitions === step.partitions) return [viewChangelog({ log, partitions }, id, partition)]
  const isOwn = (key: Buffer) => partitionOf(key, step.partitions) === partition
  return Array.from({ length: partitions }, (_, each) => {
    const whole = viewChangelog({ log, partitions }, id, each)
    return {
      ...whole,
      owner: partition,
      rowKey: (key: Buffer) => (isOwn(key) ? whole.rowKey(key) : null),
      owns: (row: Buffer) => isOwn(row.subarray(viewIdBytes)) && whole.owns(row)
    }
  })
}

/** Of one partition of the topic that a view is published to. */
function viewChangelog(view: { log: string; partitions: number }, id: number, partition: number): Changelog {
  return {
    topic: view.log,
    partition,
    column: 'views',
    id,
    rowKey: key => keyWriter.reset().u16(id).bytes(key).view(),
    rows: { gte: viewRowKey(id, ''), lt: viewRowKey(id + 1, '') },
    owns: row => partitionOf(row.subarray(viewIdBytes), view.partitions) === partition
  }
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

export function positionKey({ topic, partition, owner }: Changelog): Buffer {
  keyWriter.reset().u16(0).u8(112).u16(partition).text(topic)
  if (owner !== undefined) keyWriter.u8(0).u16(owner)
  return keyWriter.copy()
}
