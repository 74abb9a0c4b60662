import type { Impression } from '../../schemas/act.ts'

export interface ImpressionLogOptions {
  /** Takes the records over, or returns false: not now. */
  send: (impressions: Impression[]) => boolean
  /** Held back while `send` refuses; beyond it new ones are dropped and counted. */
  heldMax?: number
}

const heldMaxDefault = 10_000

/** Every answer that was given, none left out: handed over once per turn of the event loop. */
export class ImpressionLog {
  /** Answers that nobody will ever know were given. */
  dropped = 0
  private readonly send: (impressions: Impression[]) => boolean
  private readonly heldMax: number
  private held: Impression[] = []
  private isScheduled = false

  constructor({ send, heldMax = heldMaxDefault }: ImpressionLogOptions) {
    this.send = send
    this.heldMax = heldMax
  }

  add(impression: Impression): void {
    if (this.held.length >= this.heldMax) {
      this.dropped++
      return
    }
    this.held.push(impression)
    if (this.isScheduled) return
    this.isScheduled = true
    setImmediate(() => this.flush())
  }

  /** Also for the end of the process. What `send` refuses is offered again with the next answer. */
  flush(): void {
    this.isScheduled = false
    if (this.held.length > 0 && this.send(this.held)) this.held = []
  }
}
