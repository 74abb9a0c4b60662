import type { Metrics } from '../metrics.ts'

/** An open socket or event stream. */
export interface Connection {
  goaway(retryAfterMs: number): void
  /** The server stops. */
  end(): void
}

/** All that are open, bounded. */
export class Connections {
  isDraining = false
  private readonly open = new Set<Connection>()
  private readonly max: number
  private readonly metrics: Metrics

  constructor(options: { max: number; metrics: Metrics }) {
    this.max = options.max
    this.metrics = options.metrics
  }

  get isFull(): boolean {
    return this.open.size >= this.max
  }

  add(connection: Connection): void {
    this.open.add(connection)
    this.metrics.set('millrace_ws_connections', this.open.size)
  }

  remove(connection: Connection): void {
    this.open.delete(connection)
    this.metrics.set('millrace_ws_connections', this.open.size)
  }

  /** Asks all to leave, each at a moment of its own so that they do not return all at once; then ends them. */
  drain(graceMs: number): void {
    this.isDraining = true
    for (const connection of this.open) connection.goaway(500 + Math.floor(Math.random() * 4500))
    setTimeout(() => {
      for (const connection of [...this.open]) connection.end()
    }, graceMs)
  }
}
