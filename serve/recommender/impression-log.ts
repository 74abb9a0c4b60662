import type { Impression } from '../../schemas/act.ts'

export interface ImpressionLogOptions {
  /** Takes the records over, or returns false: not now. */
  send: (impressions: Impression[]) => boolean
  /** Told of answers that nobody will ever know were given. */
  onDropped?: (count: number) => void
  /** Held back while `send` refuses; beyond it new ones are dropped and counted. */
  heldMax?: number
}

const heldMaxDefault = 10_000

/** Every answer that was given, none left out: handed over once per turn of the event loop. */
export class ImpressionLog {
  private readonly send: (impressions: Impression[]) => boolean
  private readonly onDropped: (count: number) => void
  private readonly heldMax: number
  private held: Impression[] = []
  private isScheduled = false

  constructor({ send, onDropped = () => {}, heldMax = heldMaxDefault }: ImpressionLogOptions) {
    this.send = send
    this.onDropped = onDropped
    this.heldMax = heldMax
  }

  add(impression: Impression): void {
    if (this.held.length >= this.heldMax) {
      this.onDropped(1)
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
