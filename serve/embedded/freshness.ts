import type { AfterOutcome } from '../../schemas/http.ts'
import type { Freshness, Readiness } from '../ports.ts'

interface Waiter {
  commit: number
  keep: (outcome: AfterOutcome) => void
  timer: NodeJS.Timeout
}

const waitersMax = 10_000
const tokenPattern = /^c([0-9a-z]{1,11})$/

/** A write as callers see it: the number of its commit. */
export function tokenOf(commit: number): string {
  return `c${commit.toString(36)}`
}

/** What the views have seen, and who waits for more. */
export class CommitFreshness implements Freshness {
  readonly #topologyVersion: number
  readonly #now: () => number
  #fresh = 0
  #lastWrite = 0
  /** When the oldest write that is not yet visible was acknowledged; NaN when all are visible. */
  #pendingSince = Number.NaN
  #waiters: Waiter[] = []
  #state = { topology_version: 0, as_of: '', staleness_ms: 0 }
  #stateAt = 0
  #readiness: Readiness = { ready: false, detail: 'starting' }

  constructor(options: { topologyVersion: number; now?: () => number }) {
    this.#topologyVersion = options.topologyVersion
    this.#now = options.now ?? Date.now
  }

  /** A write was acknowledged. */
  written(commit: number): void {
    if (commit > this.#lastWrite) this.#lastWrite = commit
    if (Number.isNaN(this.#pendingSince) && commit > this.#fresh) this.#pendingSince = this.#now()
  }

  /** Every write up to `fresh` is in the views. */
  applied(fresh: number): void {
    if (fresh <= this.#fresh) return
    this.#fresh = fresh
    this.#pendingSince = fresh >= this.#lastWrite ? Number.NaN : this.#now()
    const reached = this.#waiters.filter(({ commit }) => commit <= fresh)
    if (reached.length === 0) return
    this.#waiters = this.#waiters.filter(({ commit }) => commit > fresh)
    for (const { keep, timer } of reached) {
      clearTimeout(timer)
      keep('reached')
    }
  }

  waitFor(token: string, timeoutMs: number): Promise<AfterOutcome> {
    const commit = Number.parseInt(tokenPattern.exec(token)?.[1] ?? '', 36)
    if (Number.isNaN(commit) || commit > Math.max(this.#lastWrite, this.#fresh)) return Promise.resolve('unknown')
    if (commit <= this.#fresh) return Promise.resolve('reached')
    if (this.#waiters.length >= waitersMax || timeoutMs <= 0) return Promise.resolve('timeout')
    return new Promise(keep => {
      const timer = setTimeout(() => {
        this.#waiters = this.#waiters.filter(waiter => waiter.timer !== timer)
        keep('timeout')
      }, timeoutMs)
      this.#waiters.push({ commit, keep, timer })
    })
  }

  /** Every write so far, and all that came of it, as `waitFor` has it for one. */
  waitForAll(timeoutMs: number): Promise<AfterOutcome> {
    return this.waitFor(tokenOf(this.#lastWrite), timeoutMs)
  }

  state() {
    const now = this.#now()
    if (now === this.#stateAt) return this.#state
    this.#stateAt = now
    const isCurrent = Number.isNaN(this.#pendingSince)
    const asOf = isCurrent ? now : this.#pendingSince
    this.#state = {
      topology_version: this.#topologyVersion,
      as_of: new Date(asOf).toISOString(),
      staleness_ms: Math.max(0, now - asOf)
    }
    return this.#state
  }

  ready(): Readiness {
    return this.#readiness
  }

  setReady(readiness: Readiness): void {
    this.#readiness = readiness
  }
}
