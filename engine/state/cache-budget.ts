/**
 * The memory that decoded state may use, over all caches of a thread. Caches age in two generations: what was not used
 * since the last turn is dropped at the next one. Only clean entries are ever dropped, so an over-full unit of work has
 * to commit first (`isExceeded`).
 */
export class CacheBudget {
  readonly bytesMax: number
  /** Of both generations. */
  bytes = 0
  /** Of what was used since the last turn. */
  youngBytes = 0

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  /** Into the younger generation; negative when something shrank. */
  add(bytes: number): void {
    this.bytes += bytes
    this.youngBytes += bytes
  }

  /** The unit holds more than it may: commit now. */
  get isExceeded(): boolean {
    return this.bytes > this.bytesMax
  }

  /** Time to let the younger generation grow old. */
  get isTurnDue(): boolean {
    return this.isExceeded || this.youngBytes > this.bytesMax / 2
  }
}
