import type { Log } from '../../engine/log/log.ts'
import { partitionOf } from '../../engine/log/partition-of.ts'
import { control } from '../../schemas/topics.ts'
import type { ShopStatus } from '../page/shop-directory.ts'
import type { DemoNote } from './demo-note.ts'
import { demoLoad } from './demo-thread-data.ts'

export interface DemoWatchOptions {
  log: Pick<Log, 'read' | 'topics' | 'startOffset'>
  now?: () => number
}

const lookEveryMs = 200
const readBytes = 1 << 16

/**
 * What whoever loads the demo says of it on `control`, for processes that do not load it themselves. Asking never waits:
 * what the log has not handed out yet is seen a moment later.
 */
export class DemoWatch {
  readonly #options: DemoWatchOptions
  #note: DemoNote | null = null
  #position = -1
  #lookedMs = Number.NEGATIVE_INFINITY

  constructor(options: DemoWatchOptions) {
    this.#options = options
    this.#look()
  }

  /** The demo is in this shop, or on its way: nobody in it is a real person. */
  get isDemo(): boolean {
    this.#look()
    return this.#note !== null
  }

  /** Rows that are on the log; done, once the answers have all that was to be loaded. */
  get load(): ShopStatus['load'] {
    this.#look()
    if (this.#note === null) return null
    const { rows = 0, rows_total = rows, done, ended = done } = this.#note
    return { rows, rows_total: ended ? rows : rows_total, done: ended }
  }

  #look(): void {
    const { log, now = performance.now.bind(performance) } = this.#options
    if (now() - this.#lookedMs < lookEveryMs) return
    this.#lookedMs = now()
    const partitions = log.topics().find(({ name }) => name === control.name)?.partitions
    if (partitions === undefined) return
    const partition = partitionOf(demoLoad, partitions)
    if (this.#position < 0) this.#position = log.startOffset(control.name, partition)
    for (;;) {
      const batch = log.read(control.name, partition, this.#position, readBytes)
      if (!batch) return
      for (let i = 0; i < batch.count; i++) {
        const value = batch.value(i)
        if (batch.key(i) === demoLoad && value) this.#note = control.value.decode(value) as unknown as DemoNote
      }
      this.#position = batch.nextOffset
    }
  }
}
