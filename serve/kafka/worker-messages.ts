import type { StreamCounts } from '../../engine/ports/stream-messages.ts'

/** Left out until a human has acted. */
export interface StoppedTask {
  task: string
  code: string
  message: string
}

/** What a stream thread on Kafka tells main. */
export type WorkerEvent =
  /** What it has to run; the state of some is still being restored. */
  | { type: 'tasks'; tasks: number; restoring: number; stopped: StoppedTask[] }
  /** Of the changelog partitions being read. */
  | { type: 'restore'; progress: [topic: string, partition: number, restored: number, left: number][] }
  | { type: 'committed'; tookMs: number }
  | { type: 'counts'; counts: StreamCounts }
  /** Something went wrong and is being mended by starting over from the committed offsets. */
  | { type: 'restart'; code: string; message: string }
  /** Something beside the work went wrong and is tried again. */
  | { type: 'trouble'; message: string }
  | { type: 'fatal'; code: string; message: string }

/** `stop` commits and stays a member of the group, `drain` commits and leaves it. */
export type WorkerOrder = { type: 'stop' | 'drain' }
