import type { AfterOutcome } from '../../schemas/http.ts'
import type { Series } from '../distribution.ts'
import type { Freshness, Readiness } from '../ports.ts'
import type { LogPositions } from './log-positions.ts'
import type { InputPositions, PositionTokens } from './position-token.ts'
import { WriteFollower } from './write-follower.ts'
import { type Flow, WritePaths } from './write-path.ts'

export interface ReplicaFreshnessOptions {
  topologyVersion: number
  flow: Flow
  tokens: Pick<PositionTokens, 'decode'>
  log: LogPositions
  /** Of some of the writes that went through this replica: how long until its answers show them. */
  seen?: Series
  now?: () => number
  pollMs?: number
}

interface Waiter {
  follower: WriteFollower
  keep: (outcome: AfterOutcome) => void
  timer: NodeJS.Timeout
}

const waitersMax = 10_000
const pollMsDefault = 8
const failedPauseMs = 100
/** The reading thread says that often how things stand; without news for longer, nobody knows. */
const newsMs = 2_000
const sampleEveryMs = 5_000
const sampleTimeoutMs = 30_000

/** What this replica's views have seen, and who waits for more. The log is asked only while somebody waits, once for all of them. */
export class ReplicaFreshness implements Freshness {
  readonly #options: ReplicaFreshnessOptions
  readonly #now: () => number
  #paths: WritePaths
  #topics: { read: string[]; written: string[] }
  readonly #positions: Float64Array
  readonly #waiters = new Set<Waiter>()
  #isPolling = false
  #sampledMs = Number.NEGATIVE_INFINITY
  #currentAt = 0
  #heardAt = 0
  #isCurrent = false
  #state = { topology_version: 0, as_of: '', staleness_ms: 0 }
  #stateAt = 0
  #readiness: Readiness = { ready: false, detail: 'starting' }

  constructor(options: ReplicaFreshnessOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    const { flow } = options
    this.#positions = new Float64Array(flow.views.length)
    this.#paths = new WritePaths(flow)
    this.#topics = topicsOf(flow)
  }

  /** The streams work otherwise from now on, towards the same views; who waits already follows the old way. */
  useFlow(flow: Flow): void {
    this.#paths = new WritePaths(flow)
    this.#topics = topicsOf(flow)
  }

  /** Rows up to these positions count in answers. */
  applied(positions: readonly [place: number, offset: number][]): void {
    for (const [place, offset] of positions) this.#positions[place] = offset
    for (const waiter of this.#waiters) if (waiter.follower.isSeen(this.#positions)) this.#settle(waiter, 'reached')
  }

  /** All of the views' topics had been read at `at`; `isCurrent`: as far as anybody knows they still are. */
  heard({ at, isCurrent }: { at: number; isCurrent: boolean }): void {
    this.#currentAt = at
    this.#heardAt = this.#now()
    this.#isCurrent = isCurrent
  }

  /** A write went through this replica. */
  written(positions: InputPositions): void {
    const { seen } = this.#options
    const startedMs = performance.now()
    if (!seen || startedMs - this.#sampledMs < sampleEveryMs) return
    this.#sampledMs = startedMs
    void this.#follow(positions, sampleTimeoutMs).then(outcome => {
      if (outcome === 'reached') seen.observe((performance.now() - startedMs) / 1000)
    })
  }

  waitFor(token: string, timeoutMs: number): Promise<AfterOutcome> {
    const positions = this.#options.tokens.decode(token)
    if (!positions) return Promise.resolve('unknown')
    return this.#follow(positions, timeoutMs)
  }

  /** Whatever an input holds now, and all that came of it, as `waitFor` has it for one write. */
  waitForAll(topic: string, timeoutMs: number): Promise<AfterOutcome> {
    return this.#follow(new Map([[topic, null]]), timeoutMs)
  }

  state() {
    const now = this.#now()
    if (now === this.#stateAt) return this.#state
    this.#stateAt = now
    const asOf = this.#isCurrent && now - this.#heardAt < newsMs ? now : this.#currentAt
    this.#state = {
      topology_version: this.#options.topologyVersion,
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

  close(): void {
    for (const waiter of this.#waiters) this.#settle(waiter, 'timeout')
  }

  #follow(positions: InputPositions, timeoutMs: number): Promise<AfterOutcome> {
    if (this.#waiters.size >= waitersMax || timeoutMs <= 0) return Promise.resolve('timeout')
    return new Promise(keep => {
      const timer = setTimeout(() => this.#settle(waiter, 'timeout'), timeoutMs)
      const waiter: Waiter = { follower: new WriteFollower(this.#paths, positions), keep, timer }
      this.#waiters.add(waiter)
      if (!this.#isPolling) void this.#poll()
    })
  }

  #settle(waiter: Waiter, outcome: AfterOutcome): void {
    clearTimeout(waiter.timer)
    if (this.#waiters.delete(waiter)) waiter.keep(outcome)
  }

  async #poll(): Promise<void> {
    const { log, pollMs = pollMsDefault } = this.#options
    this.#isPolling = true
    while (this.#waiters.size > 0) {
      // Who comes while the log is being asked has asked too late for this answer.
      const waiters = [...this.#waiters]
      let pauseMs = pollMs
      try {
        const committed = await log.committed(this.#topics.read)
        const ends = await log.ends(this.#topics.written)
        for (const waiter of waiters) {
          if (waiter.follower.advance(committed, ends) === 'unknown') this.#settle(waiter, 'unknown')
          else if (waiter.follower.isSeen(this.#positions)) this.#settle(waiter, 'reached')
        }
      } catch {
        // The log cannot be asked now: those who wait have their timers.
        pauseMs = failedPauseMs
      }
      if (this.#waiters.size > 0) await new Promise(resolve => setTimeout(resolve, pauseMs))
    }
    this.#isPolling = false
  }
}

function topicsOf({ derived, views }: Flow): { read: string[]; written: string[] } {
  const read = [...derived.keys()]
  return { read, written: [...new Set([...read, ...views.map(({ topic }) => topic)])] }
}
