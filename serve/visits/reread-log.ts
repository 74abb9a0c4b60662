import type { Log, RecordBatch } from '../../engine/log/log.ts'
import { sessionSteps } from '../../schemas/topics.ts'

const topic = sessionSteps.name
/** About a millisecond to go through. */
const partBytesDefault = 32 << 10

/** `session-steps` from its start on a log in this process, a part per turn of the event loop. */
export async function* rereadLog(
  log: Pick<Log, 'read' | 'startOffset'>,
  to: () => number,
  partBytes = partBytesDefault
): AsyncGenerator<RecordBatch> {
  for (let offset = log.startOffset(topic, 0); offset < to(); ) {
    const batch = log.read(topic, 0, offset, partBytes)
    if (!batch) return
    yield batch
    offset = batch.nextOffset
    await new Promise(resolve => setImmediate(resolve))
  }
}
