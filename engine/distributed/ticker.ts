import type { Clock } from '../clock.ts'
import type { Membership, StreamCluster } from '../ports/cluster.ts'
import type { Plan } from '../task/plan.ts'
import { ticks } from '../task/processing.ts'

export interface TickerOptions {
  plan: Plan
  cluster: StreamCluster
  clock: Clock
  partitions: number
  intervalMs: number
}

/** Writes the wall clock into the partitions whose first sub-topology runs here. */
export class Ticker {
  readonly #options: TickerOptions
  readonly #subTopology: string
  #next: number

  constructor(options: TickerOptions) {
    this.#options = options
    this.#next = Number.isFinite(options.intervalMs) ? 0 : Number.POSITIVE_INFINITY
    const { subTopologies } = options.plan
    this.#subTopology = (subTopologies.find(sub => sub.partitions === options.partitions) ?? subTopologies[0]).name
  }

  async ifDue({ tasks }: Membership): Promise<void> {
    const { clock, cluster, partitions, intervalMs } = this.#options
    if (clock.monotonic() < this.#next) return
    this.#next = clock.monotonic() + intervalMs
    for (let partition = 0; partition < partitions; partition++) {
      if (!tasks.includes(`${this.#subTopology}/${partition}`)) continue
      await cluster.append(ticks, partition, [{ key: null, value: null, timestamp: clock.now() }])
    }
  }
}
