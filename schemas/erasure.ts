/**
 * A person is to be forgotten: everything of theirs that happened up to `until`, which covers clocks that are 5 minutes
 * ahead. Topic `erasure-requests`, key = `user_id`. It stays there, so that a replay forgets them again.
 */
export interface Erasure {
  erasure_id: string
  /** Also of a session or device that was found to be theirs, as topics between steps carry it: who it is erased for. */
  user_id: string
  requested_at: number
  until: number
}

/** How far an erasure is. View `erasures`, key = `erasure_id`; names nobody. */
export interface ErasureProgress {
  requested_at: number
  until: number
  /** The user, sessions and devices that were found to be theirs, and how many of them are forgotten. */
  found: number
  done: number
}

/** Clocks of visitors may be ahead by this; events of later are refused (INTERFACES 3). */
export const aheadMaxMs = 5 * 60_000

/** `done`; `running`; or why it is not at once: `next_replay`, `kept` (by whoever `detail` names). */
export type ErasureState = 'done' | 'running' | 'next_replay' | 'kept'

/** The receipt of an erasure, as callers see it. */
export interface ErasureReceipt {
  erasure_id: string
  /** `done`: at every place that forgets at once. */
  state: 'done' | 'running'
  /** RFC 3339. */
  requested_at: string
  until: string
  places: { place: string; state: ErasureState; detail: string }[]
}
