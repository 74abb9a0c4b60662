import type { CommittedPositions } from '../ports/cluster.ts'
import type { StepTimes } from '../task/step-task.ts'

/** By `<topology>/<step>`. */
export type Times = Record<string, StepTimes>

/** What a task's times were when it last committed: kept as metadata of the offset of its first input. */
export interface TaskTimes {
  /** The next tick that it has not seen. */
  ticks: number
  times: Times
}

export function writeTimes(times: TaskTimes): string {
  return JSON.stringify(times)
}

/** null: the task has never committed. */
export function readTimes(
  committed: CommittedPositions,
  first: { topic: string; partition: number }
): TaskTimes | null {
  const metadata = committed.get(first.topic)?.get(first.partition)?.metadata
  return metadata ? (JSON.parse(metadata) as TaskTimes) : null
}
