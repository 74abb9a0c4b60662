import { type Clock, systemClock } from '../clock.ts'
import type { MillraceError } from '../errors.ts'
import { type Faults, noFaults } from '../faults.ts'
import type { StreamCluster } from '../ports/cluster.ts'
import type { StateStore } from '../stores/state-store.ts'
import type { ViewChange } from '../task/views.ts'
import type { Topology } from '../topology.ts'
import type { RestoreProgress } from './restore.ts'

export interface StreamWorkerOptions {
  topologies: readonly Topology[]
  cluster: StreamCluster
  store: StateStore
  namespace: string
  partitions: number
  ranks?: readonly string[]
  logNames?: ReadonlyMap<string, string>
  commitIntervalMs: number
  catchUpIntervalMs: number
  cacheBytes: number
  /** How long a task's inputs wait for one whose records are there and have not arrived. Default 0. */
  maxTaskIdleMs?: number
  unitBytesMax?: number
  tickIntervalMs?: number
  purgeIntervalMs?: number
  clock?: Clock
  faults?: Faults
  onCommit?: (changes: readonly ViewChange[], tookMs: number) => void
  onRestore?: (progress: RestoreProgress) => void
  onTasks?: (tasks: readonly string[]) => void
  /** Something went wrong and is being mended by starting over from the committed offsets. */
  onRestart?: (error: MillraceError) => void
  /** A task needs a human and is left out; the others go on. */
  onStopped?: (task: string, error: MillraceError) => void
  /** Something beside the work went wrong and is tried again: a standby, a purge. */
  onTrouble?: (error: unknown) => void
}

const defaults = {
  unitBytesMax: 32 << 20,
  tickIntervalMs: 10_000,
  purgeIntervalMs: 30_000,
  clock: systemClock,
  faults: noFaults
}

export type WorkerSettings = StreamWorkerOptions & typeof defaults

export function settingsOf(options: StreamWorkerOptions): WorkerSettings {
  return { ...defaults, ...options }
}
