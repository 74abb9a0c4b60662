import type { Clock } from '../clock.ts'
import { CatchUpInterval } from '../task/catch-up-interval.ts'
import type { Processing } from '../task/processing.ts'

export interface PaceOptions {
  processing: Processing
  clock: Clock
  commitIntervalMs: number
  /** While far behind: a hot key is then written once for many records. */
  catchUpIntervalMs: number
}

const idleWaitMs = 50
const commitBytesAim = 16 << 20
/** Of the time, for commits of who has nothing else to do. */
const idleCommitShare = 1 / 6
/** Saved up while there was nothing to commit: an event that comes alone is not kept waiting at any topic on its way. */
const creditMaxMs = 200

/** When to commit, and how long to wait for something to do. */
export class Pace {
  readonly #options: PaceOptions
  #lastCommitMs = 0
  #committedAt = 0
  /** Time for commits that was left at `#committedAt`: what was taken while busy is not owed. */
  #creditMs = creditMaxMs
  readonly #catchUp: CatchUpInterval

  constructor(options: PaceOptions) {
    this.#options = options
    const { commitIntervalMs: minMs, catchUpIntervalMs: maxMs } = options
    this.#catchUp = new CatchUpInterval({ minMs, maxMs, bytesAim: commitBytesAim })
  }

  /** `bytes` written by a unit that was open for `ageMs`; 0 where only positions were committed. */
  committed({ tookMs, bytes, ageMs }: { tookMs: number; bytes: number; ageMs: number }): void {
    this.#lastCommitMs = tookMs
    this.#creditMs = Math.max(0, this.#credit - tookMs)
    if (ageMs > 0) this.#catchUp.committed(bytes, ageMs)
    this.#committedAt = this.#options.clock.monotonic()
  }

  isCommitDue(isIdle: boolean): boolean {
    const { isUnitOpen, isMidBatch, isUnitFull, unitAge } = this.#options.processing
    if (!isUnitOpen) return isIdle && this.#hasRested && this.#hasPassedMarkers
    if (isMidBatch) return false
    return isUnitFull || unitAge >= this.#dueMs(isIdle, unitAge)
  }

  /** How long who is idle may wait until a commit is due, or something else wants to be looked after. */
  get waitMs(): number {
    const { isUnitOpen, unitAge } = this.#options.processing
    return isUnitOpen ? Math.min(idleWaitMs, Math.max(0, this.#dueMs(true, unitAge) - unitAge)) : idleWaitMs
  }

  /** Who has nothing else to do commits at once, but does not spend its time on commits. */
  #dueMs(isIdle: boolean, ageMs: number): number {
    const { commitIntervalMs, processing } = this.#options
    if (!isIdle || processing.lag > 0) return Math.max(commitIntervalMs, this.#catchUp.ms)
    const missingMs = Math.max(0, Math.min(this.#lastCommitMs, creditMaxMs) - this.#credit)
    return Math.min(commitIntervalMs, ageMs + missingMs / idleCommitShare)
  }

  get #credit(): number {
    const sinceMs = this.#options.clock.monotonic() - this.#committedAt
    return Math.min(creditMaxMs, this.#creditMs + sinceMs * idleCommitShare)
  }

  get #hasRested(): boolean {
    return this.#options.clock.monotonic() - this.#committedAt >= this.#options.commitIntervalMs
  }

  /** Positions that only markers moved are committed too, so that who has read everything has no lag. */
  get #hasPassedMarkers(): boolean {
    return this.#options.processing.merger.inputs.some(({ position, committed }) => position > committed)
  }
}
