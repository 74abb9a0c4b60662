import { codeOf, MillraceError } from '../errors.ts'
import type { Log, RecordBatch } from '../log/log.ts'
import type { Input } from './inputs.ts'
import type { StepTask } from './step-task.ts'

/** An index is derived from its topic up to the committed offset, in offset order. */
export function rebuildIndex(task: StepTask, inputs: readonly Input[], log: Pick<Log, 'read' | 'startOffset'>): void {
  const { processor } = task.plan
  if (!processor.index) return
  task.index = processor.index.create()
  const input = indexInputOf(task, inputs)
  if (input) task.indexedUntil = replayInto(task, input, log)
}

/** What a step's index is built from; undefined where it has none. */
export function indexInputOf({ plan, partition }: StepTask, inputs: readonly Input[]): Input | undefined {
  if (!plan.processor.index) return undefined
  return inputs.find(({ source, partition: own }) => source.log === plan.indexTopic && own === partition)
}

function replayInto(task: StepTask, input: Input, log: Pick<Log, 'read' | 'startOffset'>): number {
  let offset = log.startOffset(input.source.log, input.partition)
  while (offset < input.committed) {
    const batch = log.read(input.source.log, input.partition, offset, 1 << 20)
    if (!batch) break
    for (let i = 0; i < batch.count && batch.offset(i) < input.committed; i++) {
      applyToIndex(task.index, { task, input, batch, i })
    }
    offset = batch.nextOffset
  }
  return input.committed
}

/** One record of the indexed topic, a tombstone as well; throws where its value cannot be told now (`retry`). */
export function applyToIndex(
  index: unknown,
  { task, input, batch, i }: { task: StepTask; input: Input; batch: RecordBatch; i: number }
): void {
  const bytes = batch.value(i)
  const value = bytes === null ? null : decodeOrNull(input, bytes)
  if (bytes !== null && value === null) return
  const record = { key: batch.key(i), value, timestamp: batch.timestamp(i) }
  task.plan.processor.index?.apply(index, record, batch.offset(i))
}

/** What was a dead letter when it was read is no part of the index either. */
function decodeOrNull(input: Input, bytes: Buffer): unknown {
  try {
    return input.source.topic.value.decode(bytes)
  } catch (error) {
    const isUnknown = codeOf(error) === 'unexpected'
    if (isUnknown || (error instanceof MillraceError && error.remedy === 'retry')) throw error
    return null
  }
}
