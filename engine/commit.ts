import type { Faults } from './faults.ts'
import type { ChunkBuilder } from './log/chunk.ts'
import type { StateStore, WriteBatch } from './stores/state-store.ts'
import type { Input } from './task/inputs.ts'
import type { Outputs } from './task/outputs.ts'
import type { StepTask, StepTimes } from './task/step-task.ts'
import type { ViewChange, ViewPublisher } from './task/views.ts'

/** What a log offers so that outputs, offsets and state become durable in one write. */
export interface UnitLog {
  stage(batch: WriteBatch): {
    /** Whether the write must wait for the disk; known after `finish`. */
    readonly sync: boolean
    append(topic: string, partition: number, records: ChunkBuilder): unknown
    commitOffsets(group: string, positions: ReadonlyMap<string, readonly number[]>): void
    /** The number of this commit. */
    finish(): number
    /** The write has happened: readers may know, and so does the side file that guards against lost commits. */
    applied(): void
    discard(): void
  }
}

export interface Unit {
  group: string
  tasks: readonly StepTask[]
  inputs: readonly Input[]
  outputs: Outputs
}

export interface CommitContext {
  store: StateStore
  log: UnitLog
  views: ViewPublisher
  faults: Faults
}

export interface Committed {
  commit: number
  changes: ViewChange[]
  stateBytes: number
  /** Of everything written: state, views, outputs, positions. */
  bytes: number
  outputs: number
}

/** Between each two of these a fault may strike; whatever stands then is a whole unit or none of it. */
export const commitFaultPoints = [
  'commit:before-views',
  'commit:before-state',
  'commit:before-outputs',
  'commit:before-write',
  'commit:before-applied',
  'commit:before-settle'
] as const

/** Row in column `meta`. */
export const streamTimesKey = (group: string) => Buffer.from(`s/stream-times/${group}`)

/** The commit of the embedded log, step by step: one atomic write holds state, views, outputs and offsets. */
export function commitUnit(unit: Unit, { store, log, views, faults }: CommitContext): Committed {
  const batch = store.batch()
  const changes: ViewChange[] = []

  // 1. Views: what changed for readers, from the state as it now is.
  faults.hit(commitFaultPoints[0])
  for (const task of unit.tasks) if (task.isDirty) views.publish(task, batch, unit.outputs, changes)

  // 2. State: every changed entry and timer.
  faults.hit(commitFaultPoints[1])
  for (const task of unit.tasks) if (task.isDirty) task.flush(batch)
  const stateBytes = batch.bytes

  // 3. Outputs, offsets and stream times.
  faults.hit(commitFaultPoints[2])
  const staging = log.stage(batch)
  for (const { topic, partition, builder } of unit.outputs.builders()) staging.append(topic, partition, builder)
  staging.commitOffsets(unit.group, positionsOf(unit.inputs))
  batch.put('meta', streamTimesKey(unit.group), timesOf(unit.tasks))
  const commit = staging.finish()

  // 4. All of it durable at once, or nothing.
  faults.hit(commitFaultPoints[3])
  try {
    store.write(batch, { sync: staging.sync })
  } catch (error) {
    staging.discard()
    throw error
  }

  // 5. The log knows, and the side file: a damaged write-ahead log would lose its tail in silence.
  faults.hit(commitFaultPoints[4])
  staging.applied()

  // 6. Memory agrees with the disk again, when the caller settles the unit.
  faults.hit(commitFaultPoints[5])
  return { commit, changes, stateBytes, bytes: batch.bytes, outputs: unit.outputs.count }
}

/** Makes a group known to the log before its first unit. */
export function registerGroup(
  group: string,
  inputs: readonly Input[],
  { store, log }: Pick<CommitContext, 'store' | 'log'>
): void {
  const batch = store.batch()
  const staging = log.stage(batch)
  staging.commitOffsets(group, positionsOf(inputs))
  staging.finish()
  store.write(batch, { sync: staging.sync })
  staging.applied()
}

function positionsOf(inputs: readonly Input[]): Map<string, number[]> {
  const positions = new Map<string, number[]>()
  for (const { source, partition, position } of inputs) {
    const byPartition = positions.get(source.log) ?? new Array<number>(source.partitions).fill(0)
    byPartition[partition] = position
    positions.set(source.log, byPartition)
  }
  return positions
}

function timesOf(tasks: readonly StepTask[]): Buffer {
  const times: Record<string, StepTimes> = {}
  for (const task of tasks) times[`${task.plan.topology}/${task.plan.name}/${task.partition}`] = task.times
  return Buffer.from(JSON.stringify(times))
}
