/** When a commit waits for the disk. `intervalMs` 0: every one; power loss costs at most the commits of one interval. */
export class FsyncPolicy {
  readonly #intervalMs: number
  readonly #now: () => number
  #syncedAt: number

  constructor(intervalMs: number, now: () => number = () => performance.now()) {
    this.#intervalMs = intervalMs
    this.#now = now
    this.#syncedAt = now()
  }

  isDue(): boolean {
    return this.#now() - this.#syncedAt >= this.#intervalMs
  }

  synced(): void {
    this.#syncedAt = this.#now()
  }
}
