import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordBatch } from '../../engine/log/log.ts'
import type { TaskReader } from '../../engine/ports/cluster.ts'

export interface RereadStepsOptions {
  topic: string
  /** A reader of its own, closed at the end. */
  open: () => TaskReader
  start: () => Promise<number>
}

/** About a millisecond to go through. */
const partBytes = 32 << 10
const waitMs = 200

/** A topic of one partition from its start, a part per turn of the event loop; waits for what is on the way. */
export async function* rereadSteps(
  { topic, open, start }: RereadStepsOptions,
  to: () => number
): AsyncGenerator<RecordBatch> {
  const reader = open()
  try {
    reader.seek(topic, 0, await start())
    while ((reader.state(topic, 0)?.position ?? 0) < to()) {
      const batch = reader.read(topic, 0, partBytes)
      if (batch) yield batch
      await (batch ? new Promise(resolve => setImmediate(resolve)) : Promise.race([reader.arrived(), sleep(waitMs)]))
    }
  } finally {
    reader.close()
  }
}
