import { MillraceError } from '../errors.ts'
import type { RecordBatch } from '../log/log.ts'
import type { StreamCluster, TaskReader } from '../ports/cluster.ts'
import { applyToIndex, indexInputOf } from '../task/indexes.ts'
import type { Input } from '../task/inputs.ts'
import type { StepTask } from '../task/step-task.ts'
import { placed } from '../task/task-errors.ts'
import type { RestoreProgress } from './restore.ts'

interface IndexedTask {
  id: string
  steps: readonly StepTask[]
  inputs: readonly Input[]
}

export interface IndexBuildsOptions {
  cluster: Pick<StreamCluster, 'reader' | 'offsets'>
  onProgress: (progress: RestoreProgress) => void
}

/** An index on its way; the task's inputs are held until all of its indexes are there. */
interface Building {
  task: IndexedTask
  built: { step: StepTask; index: unknown; until: number }[] | null
  failure: unknown
  isGivenUp: boolean
}

const readBytes = 1 << 20
const sliceMs = 20
const waitMs = 250
/** A schema that cannot be told now is asked for again so soon. */
const retryMs = 500

/**
 * Builds the indexes of tasks from the log, beside the work: all committed records of the indexed topic that are kept, up to
 * where the task stands, in offset order. Until then nothing of the task is read; other tasks go on. Holds one read in
 * memory besides the index.
 */
export class IndexBuilds {
  readonly #options: IndexBuildsOptions
  readonly #building = new Map<string, Building>()

  constructor(options: IndexBuildsOptions) {
    this.#options = options
  }

  /** Whether the task has any. */
  static isNeeded({ steps }: Pick<IndexedTask, 'steps'>): boolean {
    return steps.some(({ plan }) => plan.processor.index)
  }

  /** Only between units, with the task's inputs at their committed offsets. */
  begin(task: IndexedTask): void {
    this.drop(task.id)
    for (const input of task.inputs) input.isHeld = true
    const building: Building = { task, built: null, failure: null, isGivenUp: false }
    this.#building.set(task.id, building)
    this.#build(building).then(
      built => {
        building.built = built
      },
      error => {
        building.failure = error
      }
    )
  }

  drop(id: string): void {
    const building = this.#building.get(id)
    if (building) building.isGivenUp = true
    this.#building.delete(id)
  }

  /** Those that are there are put in place and their tasks go on; throws what kept one from it. Only between units. */
  finish(): boolean {
    let isAny = false
    for (const [id, { task, built, failure }] of this.#building) {
      if (failure !== null) {
        this.#building.delete(id)
        throw placed(failure, { input: task.inputs[0] })
      }
      if (!built) continue
      for (const { step, index, until } of built) {
        step.index = index
        step.indexedUntil = until
      }
      for (const input of task.inputs) input.isHeld = false
      this.#building.delete(id)
      isAny = true
    }
    return isAny
  }

  async #build(building: Building): Promise<NonNullable<Building['built']>> {
    const { steps, inputs } = building.task
    const built: NonNullable<Building['built']> = []
    for (const step of steps) {
      const input = indexInputOf(step, inputs)
      if (!input) continue
      const index = step.plan.processor.index?.create()
      const until = input.committed
      const reader = this.#options.cluster.reader('indexes')
      try {
        await this.#readInto(index, { building, reader, step, input, until })
      } finally {
        reader.close()
      }
      built.push({ step, index, until })
    }
    return built
  }

  async #readInto(
    index: unknown,
    work: { building: Building; reader: TaskReader; step: StepTask; input: Input; until: number }
  ): Promise<void> {
    const { building, reader, step, input, until } = work
    const { cluster, onProgress } = this.#options
    const place = { topic: input.source.log, partition: input.partition }
    const start = (await cluster.offsets([place], 'earliest')).get(place.topic)?.get(place.partition) ?? 0
    reader.seek(place.topic, place.partition, start)
    let restored = 0
    for (let position = start, sliceEnd = 0; position < until && !building.isGivenUp; ) {
      const batch = reader.read(place.topic, place.partition, readBytes)
      if (!batch) {
        await Promise.race([reader.arrived(), pause(waitMs)])
        continue
      }
      await applyBatch(index, { building, step, input, batch, until })
      position = batch.nextOffset
      restored += batch.count
      if (performance.now() < sliceEnd) continue
      onProgress({ ...place, restored, left: Math.max(0, until - position) })
      await new Promise(resolve => setImmediate(resolve))
      sliceEnd = performance.now() + sliceMs
    }
    if (!building.isGivenUp) onProgress({ ...place, restored, left: 0 })
  }
}

/** What cannot be told now is no bad record: it is waited for. */
async function applyBatch(
  index: unknown,
  work: { building: Building; step: StepTask; input: Input; batch: RecordBatch; until: number }
): Promise<void> {
  const { building, step: task, input, batch, until } = work
  for (let i = 0; i < batch.count && batch.offset(i) < until && !building.isGivenUp; ) {
    try {
      applyToIndex(index, { task, input, batch, i })
      i++
    } catch (error) {
      if (!(error instanceof MillraceError) || error.remedy !== 'retry') throw error
      await pause(retryMs)
    }
  }
}

const pause = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))
