import type { Faults } from '../faults.ts'
import type { CommittedPosition, CommittedPositions, Membership, UnitProducer } from '../ports/cluster.ts'
import type { StateStore } from '../stores/state-store.ts'
import type { Input } from '../task/inputs.ts'
import type { StepTask } from '../task/step-task.ts'
import { placed } from '../task/task-errors.ts'
import type { ViewChange, ViewPublisher } from '../task/views.ts'
import { CapturingBatch } from './capturing-batch.ts'
import type { Changelog } from './changelogs.ts'
import { readTimes, type Times, writeTimes } from './committed-times.ts'
import { putPosition } from './restore.ts'
import type { WorkerTask } from './task-set.ts'
import type { UnitOutputs } from './unit-outputs.ts'

export interface ClusterUnit {
  group: string
  member: Membership
  tasks: readonly WorkerTask[]
  /** Of a partition: the next tick that its tasks have not seen. */
  ticksPosition: (partition: number) => number
}

export interface ClusterCommitContext {
  store: StateStore
  producer: UnitProducer
  outputs: UnitOutputs
  views: ViewPublisher
  faults: Faults
  now: () => number
}

interface CommittedUnit {
  changes: ViewChange[]
  /** Of the rows written to the local store. */
  bytes: number
}

/** Between each two of these a fault may strike; the producer has further ones between EndTxn sent and answered. */
export const clusterFaultPoints = [
  'cluster-commit:before-views',
  'cluster-commit:before-changelogs',
  'cluster-commit:before-transaction',
  'cluster-commit:before-local',
  'cluster-commit:before-settle'
] as const

/**
 * The commit on a shared log, step by step: one transaction holds outputs, changelogs and consumed offsets of all tasks of
 * the worker, fenced by the group's generation (KIP-447); the local store follows it, never leads.
 */
export async function commitClusterUnit(unit: ClusterUnit, context: ClusterCommitContext): Promise<CommittedUnit> {
  const { store, producer, outputs, views, faults, now } = context
  const rows = store.batch()
  const changes: ViewChange[] = []
  const dirty = unit.tasks.flatMap(task => task.steps).filter(step => step.isDirty)

  // 1. Views: what changed for readers, from the state as it now is.
  faults.hit(clusterFaultPoints[0])
  const batch = new CapturingBatch(rows, changelogWriter(unit.tasks, outputs))
  for (const step of dirty) {
    await producer.room()
    inPlace(step, () => views.publish(step, batch, outputs, changes))
  }

  // 2. Changelogs: every row of state that the local batch will write.
  faults.hit(clusterFaultPoints[1])
  for (const step of dirty) {
    await producer.room()
    inPlace(step, () => step.flush(batch))
  }

  // 3. Outputs, changelogs and offsets visible as one, or nothing of them.
  faults.hit(clusterFaultPoints[2])
  await producer.room()
  await producer.commit({ group: unit.group, member: unit.member, positions: positionsOf(unit) })

  // 4. The local store, with the positions its rows now stand at. A crash before it costs reading this unit's changelog.
  faults.hit(clusterFaultPoints[3])
  for (const { changelogs } of unit.tasks) {
    for (const changelog of changelogs) await putEnd(rows, changelog, { outputs, now })
  }
  const { bytes } = rows
  store.write(rows)

  // 5. Memory agrees, when the caller settles the unit.
  faults.hit(clusterFaultPoints[4])
  return { changes, bytes }
}

/** What wants a human says whose it is. */
function inPlace(step: StepTask, work: () => void): void {
  try {
    work()
  } catch (error) {
    throw placed(error, { step })
  }
}

function changelogWriter(tasks: readonly WorkerTask[], outputs: UnitOutputs) {
  const byStore = new Map<number, Changelog>()
  for (const { changelogs } of tasks) {
    for (const changelog of changelogs)
      if (changelog.column === 'state') byStore.set(changelog.id * 65_536 + changelog.partition, changelog)
  }
  return (storeId: number, partition: number, key: Uint8Array, value: Uint8Array | null) => {
    const changelog = byStore.get(storeId * 65_536 + partition)
    if (!changelog) return
    outputs.addTo(changelog.topic, changelog.partition, {
      key: key as Buffer,
      value: value as Buffer | null,
      timestamp: 0
    })
  }
}

async function putEnd(
  rows: ReturnType<StateStore['batch']>,
  changelog: Changelog,
  { outputs, now }: Pick<ClusterCommitContext, 'outputs' | 'now'>
): Promise<void> {
  const offset = await outputs.endIn(changelog.topic, changelog.partition)
  if (offset !== undefined) putPosition(rows, changelog, { offset, topicId: changelog.topicId ?? '', at: now() })
}

/** Each task's times travel with the offset of its first input, and so does its place among the ticks, which tasks share. */
function positionsOf({ tasks, ticksPosition }: ClusterUnit): CommittedPositions {
  const positions = new Map<string, Map<number, CommittedPosition>>()
  for (const task of tasks) {
    task.inputs.forEach((input, i) => {
      const byPartition = positions.get(input.source.log) ?? new Map<number, CommittedPosition>()
      positions.set(input.source.log, byPartition)
      byPartition.set(input.partition, {
        offset: input.position,
        ...(i === 0 ? { metadata: timesOf(task.steps, ticksPosition(task.partition)) } : {})
      })
    })
  }
  return positions
}

function timesOf(steps: readonly StepTask[], ticksOffset: number): string {
  const times: Times = Object.fromEntries(steps.map(step => [`${step.plan.topology}/${step.plan.name}`, step.times]))
  return writeTimes({ ticks: ticksOffset, times })
}

/** Returns the next tick that the task has not seen. */
export function restoreTimes(
  steps: readonly StepTask[],
  inputs: readonly Input[],
  committed: CommittedPositions
): number {
  const [first] = inputs
  const stored = first && readTimes(committed, { topic: first.source.log, partition: first.partition })
  if (!stored) return 0
  const { ticks, times } = stored
  for (const step of steps) {
    const time = times[`${step.plan.topology}/${step.plan.name}`]
    if (time) step.restoreTimes(time)
  }
  return ticks
}
