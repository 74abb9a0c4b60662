import type { StateStore } from '../stores/state-store.ts'
import { type CommitRow, readCommit } from './commit-chain.ts'
import type { FsyncPolicy } from './fsync-policy.ts'
import { readGroups } from './log-rows.ts'
import { TopicTable } from './topic-table.ts'

/** Notes each commit outside the database, which may lose some without saying so (commit-marker.ts). */
export interface CommitRecorder {
  record(commit: number, isSynced: boolean): void
  /** Commits up to this one no longer need the chain (commit-chain.ts). */
  readonly settled: number
}

/** What the writer of a log holds in memory; only `Staging.applied` and `TopicTable` change it. */
export class LogState {
  readonly store: StateStore
  readonly topics: TopicTable
  readonly groups: Map<string, Map<string, number[]>>
  /** Positions asked for so far. */
  readonly producers = new Map<string, string>()
  readonly fsync: FsyncPolicy
  readonly marker: CommitRecorder | undefined
  row: CommitRow
  isStaging = false
  #syncedCommit: number

  constructor(store: StateStore, fsync: FsyncPolicy, marker: CommitRecorder | undefined) {
    this.store = store
    this.fsync = fsync
    this.marker = marker
    this.topics = TopicTable.load(store)
    this.groups = readGroups(store)
    this.row = readCommit(store)
    this.#syncedCommit = 0
  }

  get isSynced(): boolean {
    return this.#syncedCommit === this.row.commit
  }

  synced(): void {
    this.#syncedCommit = this.row.commit
    this.fsync.synced()
  }

  positionsOf(group: string): Map<string, number[]> {
    const known = this.groups.get(group)
    if (known) return known
    const positions = new Map<string, number[]>()
    this.groups.set(group, positions)
    return positions
  }
}
