import { days, minutes } from '../engine/index.ts'

const backMs = days(30)
const visitMs = minutes(30)
const runsMax = 64

/** A stretch of time in which a user was known to act in the session, without a break of 30 minutes. */
export interface Run {
  user_id: string
  from: number
  to: number
}

/** Within or up to 30 minutes behind a run its user, else the next user within 30 days, else nobody. */
export function ownerOf(runs: readonly Run[], ts: number): string | null {
  const present = runs.findLast(run => run.from <= ts && ts <= run.to + visitMs)
  if (present) return present.user_id
  const next = runs.find(run => run.from > ts)
  return next && next.from - ts <= backMs ? next.user_id : null
}

/** Makes the moment part of the user's runs; runs that it brings within 30 minutes of each other become one. */
export function link(runs: Run[], user_id: string, ts: number): void {
  const near = runs.filter(run => run.user_id === user_id && run.from - visitMs <= ts && ts <= run.to + visitMs)
  const from = Math.min(ts, ...near.map(run => run.from))
  const to = Math.max(ts, ...near.map(run => run.to))
  const others = runs.filter(run => !near.includes(run))
  const sorted = [...others, { user_id, from, to }].sort((a, b) => a.from - b.from || (a.user_id < b.user_id ? -1 : 1))
  runs.splice(0, runs.length, ...sorted.slice(-runsMax))
}
