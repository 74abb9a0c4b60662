import { codeOf } from '../errors.ts'
import type { Log } from '../log/log.ts'
import type { Input } from './inputs.ts'
import type { StepTask } from './step-task.ts'

/** An index is derived from its topic up to the committed offset, in offset order. */
export function rebuildIndex(task: StepTask, inputs: readonly Input[], log: Pick<Log, 'read' | 'startOffset'>): void {
  const { processor, indexTopic } = task.plan
  if (!processor.index) return
  task.index = processor.index.create()
  const input = inputs.find(({ source, partition }) => source.log === indexTopic && partition === task.partition)
  if (input) task.indexedUntil = replayInto(task, input, log)
}

function replayInto(task: StepTask, input: Input, log: Pick<Log, 'read' | 'startOffset'>): number {
  const { index } = task.plan.processor
  let offset = log.startOffset(input.source.log, input.partition)
  while (offset < input.committed) {
    const batch = log.read(input.source.log, input.partition, offset, 1 << 20)
    if (!batch) break
    for (let i = 0; i < batch.count && batch.offset(i) < input.committed; i++) {
      const bytes = batch.value(i)
      if (bytes === null) continue
      const value = decodeOrNull(input, bytes)
      if (value !== null) index?.apply(task.index, { key: batch.key(i), value, timestamp: batch.timestamp(i) })
    }
    offset = batch.nextOffset
  }
  return input.committed
}

/** What was a dead letter when it was processed is no part of the index either. */
function decodeOrNull(input: Input, bytes: Buffer): unknown {
  try {
    return input.source.topic.value.decode(bytes)
  } catch (error) {
    if (codeOf(error) === 'unexpected') throw error
    return null
  }
}
