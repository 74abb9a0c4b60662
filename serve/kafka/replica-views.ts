import { MillraceError } from '../../engine/errors.ts'
import type { ViewChange } from '../../engine/task/views.ts'
import { reportStaleness } from '../embedded/staleness.ts'
import { StoreGauges } from '../embedded/store-gauges.ts'
import type { Metrics } from '../metrics.ts'
import type { OrderScan } from '../views/order-scan.ts'
import { SlicedChanges } from '../views/sliced-changes.ts'
import type { ReplicaFreshness } from './replica-freshness.ts'
import type { StepsArrived, ViewEvent, ViewOrder } from './view-messages.ts'

type Changes = Extract<ViewEvent, { type: 'changes' }>

export interface ReplicaViewsOptions {
  /** The thread that reads the views' topics. */
  peer: {
    postMessage(order: ViewOrder): void
    on(event: 'message', listener: (event: ViewEvent) => void): unknown
  }
  freshness: ReplicaFreshness
  answers: {
    views: {
      build(): void
      apply(changes: readonly ViewChange[]): Parameters<ReplicaFeed['rows']>[0]
      readonly orderScan: Pick<OrderScan, 'start' | 'close' | 'completed' | 'count' | 'onProgress'>
    }
    feed: ReplicaFeed
  }
  visits: {
    /** Takes what comes of `session-steps`. */
    arrived(message: StepsArrived): void
    /** Says in metrics how the blend stands. */
    report(): void
  }
  metrics: Pick<Metrics, 'set'>
  say: (line: string) => void
}

interface ReplicaFeed {
  rows(keys: { sessions: ReadonlySet<string>; users: ReadonlySet<string>; items: ReadonlySet<string> }): void
  publish(): void
}

/** Brings what the reading thread has written into answers, in slices, and says when there is enough to answer from. */
export class ReplicaViews {
  readonly #options: ReplicaViewsOptions
  readonly #changes: SlicedChanges<Changes>
  readonly #stores: StoreGauges
  onFatal: (error: MillraceError) => void = () => {}

  constructor(options: ReplicaViewsOptions) {
    this.#options = options
    this.#stores = new StoreGauges(options.metrics)
    const { answers, peer, freshness } = options
    this.#changes = new SlicedChanges<Changes>({
      rows: rows => answers.feed.rows(answers.views.apply(rows)),
      applied: ({ positions }) => {
        peer.postMessage({ type: 'applied' })
        freshness.applied(positions)
        answers.feed.publish()
      }
    })
    peer.on('message', event => this.#hear(event))
  }

  stop(): void {
    this.#options.answers.views.orderScan.close()
    this.#options.peer.postMessage({ type: 'stop' })
  }

  #readOrders(): Promise<void> {
    const { freshness, answers } = this.#options
    const { orderScan } = answers.views
    orderScan.onProgress = () =>
      freshness.setReady({ ready: false, detail: `reading orders: ${orderScan.count} so far` })
    orderScan.start()
    return orderScan.completed
  }

  #hear(event: ViewEvent): void {
    const { freshness, answers, metrics, say } = this.#options
    switch (event.type) {
      case 'progress':
        freshness.setReady({ ready: false, detail: `reading views and visits: at most ${event.left} records to come` })
        if (event.left > 0) say(`reading views and visits: at most ${event.left} records to come`)
        break
      case 'caught-up':
        answers.views.build()
        freshness.applied(event.positions.map((offset, place) => [place, offset]))
        void this.#readOrders().then(() => {
          freshness.setReady({ ready: true, detail: 'answering' })
          say(`answering; ${event.read} records of the views were read`)
        })
        break
      case 'changes':
        this.#changes.push(event)
        break
      case 'steps':
        this.#options.visits.arrived(event)
        break
      case 'current':
        freshness.heard(event)
        this.#options.visits.report()
        reportStaleness(freshness, metrics)
        this.#stores.report(this, event.sizes)
        break
      case 'fatal':
        this.onFatal(new MillraceError(event.code, 'stop', event.message))
    }
  }
}
