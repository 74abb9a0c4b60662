import { ByteWriter } from '../bytes.ts'
import type { StoreReader, WriteBatch } from '../stores/state-store.ts'
import { checkSize, type Outputs } from './outputs.ts'
import type { StepTask } from './step-task.ts'

/** A view value that changed with a unit of work; `null` = the key is gone. */
export interface ViewChange {
  view: string
  key: string
  value: Buffer | null
}

const keyWriter = new ByteWriter(256)

/** Row of a view in column `views`: u16 view id, key in UTF-8. */
export function viewRowKey(viewId: number, key: string): Buffer {
  return keyWriter.reset().u16(viewId).text(key).copy()
}

/**
 * Publishes the view of every key whose state the unit changed, once, and only where the bytes differ from those last
 * published: freshness costs no write per event, and neither crashes nor batch sizes change what finally stands.
 */
export class ViewPublisher {
  readonly #store: StoreReader
  readonly #viewId: (name: string) => number

  constructor(store: StoreReader, viewId: (name: string) => number) {
    this.#store = store
    this.#viewId = viewId
  }

  publish(task: StepTask, batch: WriteBatch, outputs: Outputs, changes: ViewChange[]): void {
    const { view, processor } = task.plan
    if (!view || !processor.view) return
    const keys = [...task.changedKeys()]
    if (keys.length === 0) return
    const viewId = this.#viewId(view.topic.name)
    const rowKeys = keys.map(key => viewRowKey(viewId, key))
    const published = this.#store.getMany('views', rowKeys)
    keys.forEach((key, i) => {
      task.bind(key, task.streamTime)
      const value = processor.view?.(key, task.handles) ?? null
      const bytes = value === null ? null : view.topic.value.encode(value)
      const last = published[i]
      if (bytes === null ? last === undefined : last !== undefined && bytes.equals(last)) return
      checkSize(view.topic, key, bytes)
      if (bytes === null) batch.delete('views', rowKeys[i])
      else batch.put('views', rowKeys[i], bytes)
      outputs.add(view, { key, value: bytes, timestamp: viewTimestamp(task) })
      changes.push({ view: view.topic.name, key, value: bytes })
    })
  }
}

/** Stream time, so that a replay writes the same; 0 while only history has been seen by nobody. */
const viewTimestamp = (task: StepTask) => Math.max(0, Number.isFinite(task.horizon) ? task.horizon : 0)
